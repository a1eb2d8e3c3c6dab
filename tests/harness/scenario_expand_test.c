/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/scenario.h"

#include <stdlib.h>

#include "tests/support/test_wire_check.h"
#include "wire/xmalloc.h"

/* Tables, set-ups, groups and rounds: what they stand for, and where the mistakes in them are shown. */

/* Scenario texts are written with ' for " here. */
static bool load(const char *text, struct scenario_set *set, struct diag *reterr)
{
    char *json = xstrdup(text);
    bool ok;

    for (char *c = json; *c; c++) {
        if (*c == '\'')
            *c = '"';
    }
    *set = (struct scenario_set){0};
    *reterr = (struct diag){0};
    ok = scenario_set_parse(set, slice_str(json), "x.json", reterr);
    free(json);
    return ok;
}

static void must_load(const char *text, struct scenario_set *set)
{
    struct diag d;

    ck_assert_msg(load(text, set, &d), "%s:%u:%u: %s", d.path, d.at.line, d.at.column, d.text);
}

static char *attribute(const struct step *s, const char *name)
{
    const struct json_node *v = json_get(s->node, name);

    ck_assert_msg(v != NULL, "no %s", name);
    return xstrndup_slice(v->text);
}

#define ck_attribute(step, name, expected)                                                         \
    do {                                                                                           \
        char *text_ = attribute(step, name);                                                       \
        ck_assert_str_eq(text_, expected);                                                         \
        free(text_);                                                                               \
    } while (0)

#define TOP "{'id':'a.b','title':'t','since':'0.1',"
#define AC                                                                                         \
    "'actors':{'A':'agent','C':{'role':'computer','count':3,'name':'{unique}-{index}'}},'steps':["

/* ---- mistakes ---- */

/* clang-format off */
static const struct {
    const char *text;
    unsigned line, column;
    const char *message;
} faults[] = {
    {"['table']", 1, 1, "a scenario is a JSON object"},
    {"{'table':[],'x", 1, 15, NULL},
    {"{'table':[],'table':[]}", 1, 21, "key \"table\" stands twice"},
    {"{'table':{}}", 1, 10, "expected a list of rows: [{\"case\": \"rst\", \"how\": \"rst\"}]"},
    {"{'table':[\n 1]}", 2, 2, "a row is an object"},
    {"{'table':[{'x':1}]}", 1, 11, "a row needs a `case`: a word of lower-case letters, digits and -, part of the scenario's id"},
    {"{'table':[{'case':'A'}]}", 1, 19, "a row needs a `case`: a word of lower-case letters, digits and -, part of the scenario's id"},
    {"{'table':[{'case':'a'},\n{'case':'a'}]}", 2, 9, "this case stands twice"},
    {"{'table':[{'case':'a','x':1},\n{'case':'b'}]}", 2, 1, "this row has no `x`"},
    {"{'table':[{'case':'a'},\n{'case':'b','x':1}]}", 2, 17, "the first row has no `x`"},
    {"{'table':[{'case':'a','x.y':1}]}", 1, 29, "`x.y` cannot be the name of a parameter"},
    {"{'table':[{'case':'a','round':1}]}", 1, 31, "`round` cannot be the name of a parameter"},
    {TOP "'table':[{'case':'a','x':1}]," AC "{'A':'joins','office':'here'}]}", 1, 64, "the parameter `x` is never used"},
    {TOP "'table':[{'case':'a','x':[1]}]," AC "\n{'A':'joins','office':'here','note':'is {x}'}]}", 2, 37, "the parameter `x` is no text: it must be the whole value"},
    /* what a row brings is wrong: the row is shown */
    {TOP "'table':[{'case':'a',\n'how':'rts'}],'actors':{'A':'agent'},'steps':[{'A':'disconnects','how':'{how}'}]}", 2, 7, "unknown how `rts` (did you mean `rst`?)"},
    /* what is around a row's value is wrong: the place of its use is shown */
    {TOP "'table':[{'case':'a','x':'y'}],'actors':{'A':'agent'},'steps':[\n{'A':'disconnects','how':'{x}z'}]}", 2, 26, "unknown how `yz`"},
    {TOP "'setup':1,'steps':[]}", 1, 47, "expected the name of a set-up, or a list of names"},
    {TOP "'setup':['no-such'],'steps':[]}", 1, 48, "there is no set-up `no-such`: neither setups/no-such.json beside the file or above it, nor a built-in one"},
    {TOP "'setup':'agent-and-computer','actors':\n{'A':'agent'}}", 2, 6, "actor `A` is that of scenarios/setups/agent-and-computer.json too"},
    {TOP "'setup':'each-call','table':[{'case':'a'}],'steps':[]}", 1, 67, "there is a second table"},
    {TOP "'setup':'agent-and-computer','steps':[{'B':'joins','office':'here'}]}", 1, 82, "unknown actor `B`"},
    {TOP "'actors':{'C':{'role':'computer','count':0}},'steps':[]}", 1, 80, "expected a whole number from 1 to 64"},
    {TOP "'actors':{'C':{'role':'computer','count':'x'}},'steps':[]}", 1, 80, "expected a whole number from 1 to 64"},
    {TOP AC "\n{'C':'joins','office':'here'}]}", 2, 6, "\"C\" is a group: say \"C*\" for all of it, \"C1\" for one"},
    {TOP AC "\n{'D*':'joins','office':'here'}]}", 2, 7, "unknown actor `D*`"},
    {TOP AC "\n{'C*':'joins','each':'C*','office':'here'}]}", 2, 22, "`each` needs a step of one actor, not of a group"},
    {TOP AC "\n{'A':'joins','each':'D*','office':'here'}]}", 2, 21, "expected a group such as \"C*\": an actor C that has a `count`"},
    {TOP AC "\n{'C*':'joins','ofice':'here'}]}", 2, 23, "unknown key `ofice` (did you mean `office`?)"},
    {TOP AC "\n{'A':'emits','event':'x','data':'{C.name}'}]}", 2, 33, "unknown reference `C.name` (did you mean `A.name`?)"},
    {TOP AC "\n{'C*':'receives','event':'x','capture':{'v':''}}]}", 2, 45, "the name `v` is taken"},
    {TOP AC "\n{'rounds':0,'steps':[]}]}", 2, 21, "`rounds` needs `steps`, the list that is repeated"},
    {TOP AC "\n{'rounds':2}]}", 2, 1, "`rounds` needs `steps`, the list that is repeated"},
    {TOP AC "\n{'rounds':0,'steps':[{'A':'is fenced'}]}]}", 2, 11, "expected a whole number from 1 to 1000"},
    {TOP AC "\n{'rounds':2,'steps':[{'A':'is fenced'}],'check':'x'}]}", 2, 49, "unknown key \"check\": a step with `rounds` has `steps` and `note`"},
    {TOP AC "\n{'rounds':2,'steps':[\n{'rounds':2,'steps':[{'A':'is fenced'}]}]}]}", 3, 11, "`rounds` cannot stand inside of `together` or `rounds`"},
    {TOP AC "\n{'rounds':2,'steps':[\n{'A':'is fencd'}]}]}", 3, 6, "unknown verb `is fencd` (did you mean `is fenced`?)"},
    {TOP AC "\n{'rounds':2,'steps':[\n{'A':'is fenced','$round':[1,'x']}]}]}", 3, 27, "unknown key \"$round\""},
    {TOP AC "\n{'A':'is fenced','$round':[1,'x']}]}", 2, 27, "unknown key \"$round\""},
    {TOP AC "\n{'exactly':1,'of':'j*','matches':'success'}]}", 2, 19, "unknown call `j*`"},
    {TOP AC "{'C*':'joins','office':'here','call':'j'},\n{'exactly':1,'of':'j*'}]}", 2, 1, "`exactly` needs `matches`"},
    {TOP AC "{'C*':'joins','office':'here','call':'j'},\n{'exactly':'1','of':'j*','matches':'any'}]}", 2, 12, "expected how many: a whole number"},
    {TOP AC "{'C*':'joins','office':'here','call':'j'},\n{'exactly':1,'of':'j*','matches':'sucess'}]}", 2, 34, "unknown form of an ack `sucess` (did you mean `success`?)"},
    {TOP AC "\n{'A':'joins','office':'here','checks':'ROOM-01','one_of':{'a':[]}}]}", 2, 58, "expected two or more named branches: {\"silent\": …, \"refused\": …}"},
    {TOP AC "\n{'A':'joins','office':'here','checks':'ROOM-01','one_of':{'a':[],'b':1}}]}", 2, 70, "expected a list of patterns (the argument list), or one operator for all of it"},
    {TOP AC "\n{'A':'joins','office':'here','one_of':{'a':[],'b':[1]}}]}", 2, 39, "`one_of` records the branch taken in a check: `checks` is missing"},
    {TOP AC "\n{'A':'joins','office':'here','ack':'any','one_of':{'a':[],'b':[1]}}]}", 2, 51, "`one_of` stands instead of `ack`, `with`, `args` or `sessions`, where the answer is looked at"},
};
/* clang-format on */

START_TEST(test_fault)
{
    struct scenario_set set;
    struct diag d;

    ck_assert_msg(!load(faults[_i].text, &set, &d), "accepted: %s", faults[_i].text);
    ck_assert_uint_eq(set.n, 0);
    ck_assert_str_eq(d.path, "x.json");
    if (faults[_i].message)
        ck_assert_str_eq(d.text, faults[_i].message);
    ck_assert_msg(d.at.line == faults[_i].line && d.at.column == faults[_i].column,
                  "%s: expected %u:%u, got %u:%u (%s)", faults[_i].text, faults[_i].line,
                  faults[_i].column, d.at.line, d.at.column, d.text);
    diag_release(&d);
}
END_TEST

/* ---- what is understood ---- */

START_TEST(test_table)
{
    struct scenario_set set;
    const struct scenario *sc;

    must_load(
        TOP
        "'table':[{'case':'one','v':1.0,'k':'x','s':'a\\\\b','r':'0.1'},"
        "{'case':'two','v':{'w':[null]},'k':'y','s':'','r':'0.2'}],'until':'{r}',"
        "'actors':{'A':'agent'},'steps':["
        "{'A':'emits','event':'e','data':{'{k}':'{v}','t':'<{s}>{{s}}{unique}','case':'{case}'}}]}",
        &set);
    ck_assert_uint_eq(set.n, 2);
    sc = set.items[0];
    ck_assert_str_eq(sc->id, "a.b[one]");
    ck_assert_str_eq(sc->title, "t (one)");
    ck_assert_int_eq(sc->until, SMCP_REV_0_1);
    /* the spelling of the row's value is kept */
    ck_attribute(&sc->steps[0], "data",
                 "{\"x\":1.0,\"t\":\"<a\\\\b>{{s}}{unique}\",\"case\":\"one\"}");
    sc = set.items[1];
    ck_assert_str_eq(sc->id, "a.b[two]");
    ck_assert_int_eq(sc->until, SMCP_REV_0_2);
    ck_attribute(&sc->steps[0], "data",
                 "{\"y\":{\"w\":[null]},\"t\":\"<>{{s}}{unique}\",\"case\":\"two\"}");
    scenario_set_release(&set);
}
END_TEST

START_TEST(test_setup)
{
    struct scenario_set set;
    const struct scenario *sc;

    must_load(
        TOP "\n'setup':'agent-and-computer','actors':{'D':'computer'},'steps':[\n"
            "{'A':'lists','sessions':['A','C'],'checks':'LIST-01'},{'D':'joins','office':'here'}]}",
        &set);
    ck_assert_uint_eq(set.n, 1);
    sc = set.items[0];
    ck_assert_str_eq(sc->id, "a.b");
    ck_assert_uint_eq(sc->n_actors, 3);
    ck_assert_str_eq(sc->actors[0].name, "A");
    ck_assert_str_eq(sc->actors[2].name, "D");
    ck_assert_uint_eq(sc->n_steps, 5);
    ck_assert_int_eq(sc->steps[1].verb, VERB_JOIN);
    ck_assert_int_eq(sc->steps[3].verb, VERB_LIST);
    /* a step of the set-up is shown where the file asks for it */
    ck_assert_uint_eq(sc->steps[0].at.line, 2);
    ck_assert_uint_eq(sc->steps[3].at.line, 3);
    scenario_set_release(&set);
}
END_TEST

START_TEST(test_group)
{
    struct scenario_set set;
    const struct scenario *sc;
    const struct step *s;

    must_load(
        TOP AC
        "{'A':'joins','office':'here'},"
        "{'C*':'joins','office':'here','call':'join','with':{'self':'{C.name}','i':'{index}'}},"
        "{'C*':'gets ack','call':'join','check':'is in','checks':'ROOM-01'},"
        "{'A':'receives','each':'C*','event':'notify:enter_office','capture':{'v{index}':'/0'},"
        "'with':{'computer':'{C.name}'},'checks':'NOTIFY-01'},"
        "{'together':[{'C*':'is fenced'},{'A':'is fenced'}]},"
        "{'A':'lists','sessions':['A','C*'],'checks':'LIST-01'}]}",
        &set);
    sc = set.items[0];
    ck_assert_uint_eq(sc->n_actors, 4);
    ck_assert_str_eq(sc->actors[1].name, "C1");
    ck_assert_str_eq(sc->actors[3].name, "C3");
    ck_assert_uint_eq(sc->n_steps, 6);
    s = &sc->steps[1];
    ck_assert_int_eq(s->verb, VERB_TOGETHER);
    ck_assert_uint_eq(s->n_children, 3);
    ck_assert_int_eq(s->children[2].actor, 3);
    ck_attribute(&s->children[2], "call", "\"join-C3\"");
    ck_attribute(&s->children[2], "with", "{\"self\":\"{C3.name}\",\"i\":\"3\"}");
    ck_assert_str_eq(sc->steps[2].children[1].check, "is in (C2)");
    ck_attribute(&sc->steps[3].children[0], "with", "{\"computer\":\"{C1.name}\"}");
    ck_attribute(&sc->steps[3].children[1], "capture", "{\"v2\":\"/0\"}");
    ck_assert_str_eq(sc->steps[3].children[1].check, "A receives notify:enter_office #2");
    ck_assert_uint_eq(sc->steps[4].n_children, 4);
    ck_attribute(&sc->steps[5], "sessions", "[\"A\",\"C1\",\"C2\",\"C3\"]");
    scenario_set_release(&set);
}
END_TEST

START_TEST(test_rounds)
{
    struct scenario_set set;
    const struct scenario *sc;

    must_load(TOP AC "{'rounds':3,'steps':[{'A':'joins','office':'here{round}','checks':'ROOM-01'},"
                     "{'C*':'joins','office':'here{round}','call':'j'},"
                     "{'exactly':3,'of':'j*','matches':'success','checks':'ROOM-01'}]}]}",
              &set);
    sc = set.items[0];
    ck_assert_uint_eq(sc->n_steps, 9);
    ck_attribute(&sc->steps[0], "office", "\"here1\"");
    ck_attribute(&sc->steps[6], "office", "\"here3\"");
    ck_attribute(&sc->steps[4].children[1], "call", "\"j-C2@2\"");
    ck_attribute(&sc->steps[5], "of", "\"j*@2\"");
    ck_assert_int_eq(sc->steps[5].verb, VERB_EXACTLY);
    ck_assert_int_eq(sc->steps[5].actor, -1);
    ck_assert_str_eq(sc->steps[2].check, "exactly 3 of j*");
    /* one check, however many rounds */
    ck_assert(!sc->steps[0].repeats && sc->steps[3].repeats && sc->steps[6].repeats);
    ck_assert_str_eq(sc->steps[0].check, "A joins here1");
    ck_assert_str_eq(sc->steps[6].check, "A joins here1");
    ck_assert_uint_eq(sc->steps[6].round, 3);
    scenario_set_release(&set);
}
END_TEST

/* A file without any of this is loaded as it stands. */
START_TEST(test_plain)
{
    struct scenario_set set;

    must_load(TOP
              "'actors':{'A':'agent'},'steps':[{'A':'emits','event':'e','data':{ 'x' : '{{y}' }}]}",
              &set);
    ck_assert_ptr_null(set.items[0]->map);
    ck_attribute(&set.items[0]->steps[0], "data", "{ \"x\" : \"{{y}\" }");
    scenario_set_release(&set);
}
END_TEST

/* One table of 200 rows with much in it, or rounds upon rounds, are refused before they eat the memory. */
START_TEST(test_ceiling)
{
    struct scenario_set set;
    struct diag d;
    struct buf text;
    char *whole;

    buf_init(&text, 1 << 20);
    buf_append_str(&text, TOP AC "{'rounds':1000,'steps':[");
    for (int i = 0; i < 40; i++)
        buf_appendf(&text, "%s{'C*':'is fenced','note':'%0100d'}", i ? "," : "", i);
    buf_append_str(&text, "]}]}");
    whole = buf_take_str(&text);
    ck_assert(!load(whole, &set, &d));
    free(whole);
    ck_assert_str_eq(d.text, "the file is too large once it is written out");
    diag_release(&d);
    buf_release(&text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("scenario_expand");
    TCase *tc = tcase_create("scenario_expand");

    tcase_add_loop_test(tc, test_fault, 0, (int)ARRAY_LEN(faults));
    tcase_add_test(tc, test_table);
    tcase_add_test(tc, test_setup);
    tcase_add_test(tc, test_group);
    tcase_add_test(tc, test_rounds);
    tcase_add_test(tc, test_plain);
    tcase_add_test(tc, test_ceiling);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
