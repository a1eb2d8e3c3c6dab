/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/scenario.h"

#include <stdlib.h>

#include "tests/support/test_wire_check.h"
#include "wire/xmalloc.h"

/* Scenario texts are written with ' for " here. */
static char *quoted(const char *text)
{
    char *copy = xstrdup(text);

    for (char *c = copy; *c; c++) {
        if (*c == '\'')
            *c = '"';
    }
    return copy;
}

static struct scenario *load(const char *text, struct diag *reterr)
{
    char *json = quoted(text);
    struct scenario *sc = scenario_parse(slice_str(json), "x.json", reterr);

    free(json);
    return sc;
}

#define HEAD "{'id':'a.b','title':'t','since':'0.1','actors':{'A':'agent','C':'computer'},'steps':["
#define JOIN "{'A':'joins','office':'here'},"

/* ---- what is refused, where, and in which words ---- */

/* clang-format off */
static const struct {
    const char *text;
    unsigned line, column;
    const char *message;
} faults[] = {
    {"", 1, 1, NULL},
    {"{\n  'id': 'a.b',\n  'title' 't' }", 3, 11, NULL},
    {"[]", 1, 1, "a scenario is a JSON object"},
    {"{'id':'a.b','id':'a.c'}", 1, 18, "key \"id\" stands twice"},
    {"{'ids':'a.b'}", 1, 8, "unknown key `ids` (did you mean `id`?)"},
    {"{'title':'t'}", 1, 1, "`id` is missing"},
    {"{'id':'Ab.c'}", 1, 7, "an id is lower-case words with dots between the levels: room.join.ack"},
    {"{'id':'ab'}", 1, 7, "an id is lower-case words with dots between the levels: room.join.ack"},
    {"{'id':'a.b','title':''}", 1, 21, "expected a text that is not empty"},
    {"{'id':'a.b','title':'t','since':'0.l'}", 1, 33, "unknown revision `0.l` (did you mean `0.1`?)"},
    {"{'id':'a.b','title':'t','since':'0.3','until':'0.1'}", 1, 33, "no revision is left: `since` is later than `until`"},
    {"{'id':'a.b','title':'t','since':'0.1','needs':['keys']}", 1, 48, "unknown need `keys` (did you mean `key`?)"},
    {"{'id':'a.b','title':'t','since':'0.1','transports':['ws']}", 1, 53, "expected websocket, polling or upgrade"},
    {"{'id':'a.b','title':'t','since':'0.1','actors':{}}", 1, 48, "expected an object of actors: {\"A\": \"agent\"}"},
    {"{'id':'a.b','title':'t','since':'0.1','actors':{'A':'agnet'}}", 1, 53, "unknown role `agnet` (did you mean `agent`?)"},
    {"{'id':'a.b','title':'t','since':'0.1','actors':{'event':'agent'}}", 1, 57, "`event` cannot be the name of an actor: letters, digits and _, no attribute of a step"},
    {"{'id':'a.b','title':'t','since':'0.1','actors':{'A':{'role':'agent','quey':{}}}}", 1, 76, "unknown key `quey` (did you mean `query`?)"},
    {"{'id':'a.b','title':'t','since':'0.1','actors':{'A':{'name':'x'}}}", 1, 53, "an actor needs a `role`"},
    {"{'id':'a.b','title':'t','since':'0.1','actors':{'A':{'role':'raw','headers':{'x':'{B.name}'}}},'steps':[{'A':'connects'}]}", 1, 82, "unknown reference `B.name` (did you mean `A.name`?)"},
    {HEAD "]}", 1, 85, "expected a list of steps"},
    {HEAD "1]}", 1, 86, "a step is an object: {\"A\": \"joins\", \"office\": \"here\"}"},
    {HEAD "{'B':'joins'}]}", 1, 91, "unknown actor `B`"},
    {HEAD "{'event':'x'}]}", 1, 86, "a step needs an actor: {\"A\": \"joins\", …}"},
    {HEAD "{'A':'joins','C':'joins'}]}", 1, 103, "a step has one actor"},
    {HEAD "{'A':'joinss'}]}", 1, 91, "unknown verb `joinss` (did you mean `joins`?)"},
    {HEAD "{'A':1}]}", 1, 91, "expected a verb such as \"joins\""},
    {HEAD "{'A':'joins'}]}", 1, 86, "`joins` needs `office`"},
    {HEAD "{'A':'receives','evnt':'x'}]}", 1, 109, "unknown key `evnt` (did you mean `event`?)"},
    {HEAD "{'A':'joins','office':'here','event':'x'}]}", 1, 123, "`joins` has no attribute `event`"},
    {HEAD "{'A':'disconnects','how':'rst','checks':'DISC-01'}]}", 1, 126, "`disconnects` has no attribute `checks`: there is nothing to judge"},
    {HEAD "{'A':'disconnects','how':'reset'}]}", 1, 111, "unknown how `reset` (did you mean `rst`?)"},
    {HEAD "{'A':'joins','office':'{here}'}]}", 1, 108, "expected a symbolic office name such as \"here\" (without braces)"},
    {HEAD "{'A':'joins','office':'here','ack':'succes'}]}", 1, 121, "unknown form of an ack `succes` (did you mean `success`?)"},
    {HEAD "{'A':'joins','office':'here','ack':true}]}", 1, 121, "expected a list of patterns (the argument list), or one operator for all of it"},
    {HEAD "{'A':'joins','office':'here','ack':[{'$tpye':'string'}]}]}", 1, 131, "unknown operator `$tpye` (did you mean `$type`?)"},
    {HEAD "{'A':'joins','office':'here','until':'rfc'}]}", 1, 123, "no revision is left: `since` is later than `until`"},
    {HEAD "{'A':'joins','office':'here','within_ms':0}]}", 1, 127, "expected milliseconds, at least 1 and at most 3600000"},
    {HEAD "{'A':'joins','office':'here','checks':[]}]}", 1, 124, "expected at least one requirement id"},
    {HEAD "{'A':'joins','office':'here','check':'x'}]}", 1, 123, "`check` names what `checks` judges: that is missing"},
    {HEAD "{'A':'joins','office':'here','observe':true}]}", 1, 125, "`observe` needs `checks`: the ids that it is about (D-17, ROOM-26 …)"},
    {HEAD "{'A':'joins','office':'here','call':'j','ack':'any'}]}", 1, 132, "with `call` the ack is not waited for: `gets ack` looks at it later"},
    {HEAD "{'A':'joins','office':'here','call':'j','checks':'ROOM-01'}]}", 1, 135, "nothing to judge here: put `checks` on the step that looks at the call"},
    {HEAD "{'A':'emits','event':'x','checks':'SIO-16'}]}", 1, 120, "nothing to judge: `emits` without `ack`"},
    {HEAD "{'A':'emits','event':'x','data':1,'args':[1]}]}", 1, 127, "`data` is `args` for one argument: give one of them"},
    {HEAD "{'A':'emits','event':'x','args':{}}]}", 1, 118, "expected a list (the argument list)"},
    {HEAD "{'A':'emits','event':'x','data':'{her}'}]}", 1, 118, "unknown reference `her`"},
    {HEAD JOIN "{'A':'emits','event':'x','data':['{hare}']}]}", 1, 149, "unknown reference `hare` (did you mean `here`?)"},
    {HEAD "{'A':'emits','event':'x','data':'{C.nme}'}]}", 1, 118, "unknown reference `C.nme` (did you mean `C.name`?)"},
    {HEAD "{'A':'receives','event':'x','with':1,'args':[1]}]}", 1, 130, "`with` is `args` for one argument: give one of them"},
    {HEAD "{'A':'receives','event':'x','with':{'a':'{v}'},'capture':{'v':'/0'}}]}", 1, 126, "unknown reference `v`"},
    {HEAD "{'A':'receives','event':'x','capture':{'v':'0'}}]}", 1, 129, "expected a JSON pointer such as \"/0/req_id\""},
    {HEAD "{'A':'receives','event':'x','capture':{'v v':''}}]}", 1, 131, "expected a variable name of letters, digits and _"},
    {HEAD "{'A':'receives','event':'x','capture':{'A':''}}]}", 1, 129, "the name `A` is taken"},
    {HEAD "{'A':'gets ack','call':'j'}]}", 1, 109, "unknown call `j`"},
    {HEAD "{'A':'joins','office':'here','call':'j'},{'C':'gets ack','call':'j'}]}", 1, 150, "call `j` belongs to A"},
    {HEAD "{'C':'receives','event':'x','request':'r'},{'C':'acks','request':'q'}]}", 1, 151, "unknown request `q`"},
    {HEAD "{'A':'lists','sessions':['B']}]}", 1, 111, "unknown actor `B`"},
    {HEAD "{'A':'lists','sessions':[],'ack':[]}]}", 1, 119, "`sessions` or `ack`, not both"},
    {HEAD "{'A':'emits','event':'x','attachments':['#']}]}", 1, 126, "expected base64"},
    {HEAD "{'together':[{'A':'is fenced'}]}]}", 1, 98, "`together` takes a list of at least two steps"},
    {HEAD "{'together':[{'A':'is fenced'},{'together':[]}]}]}", 1, 129, "`together` cannot stand inside of `together`"},
    {HEAD "{'together':[{'A':'emits','event':'x','call':'c'},{'A':'gets ack','call':'c'}]}]}", 1, 159, "unknown call `c`"},
    {HEAD "{'A':'is fenced','checks':'SIO-01','check':'x'},{'C':'is fenced','checks':'SIO-01','check':'x'}]}", 1, 177, "the check name `x` is taken"},
    {HEAD "\n{'A':'emits','event':'x','data':{'$revision':{'0.1':1}}}]}", 2, 46, "`$revision` has no branch for revision 0.2"},
    {HEAD "\n{'A':'emits','event':'x','args':[{'a':{'$revision':{'0.x':1}}}]}]}", 2, 59, "`0.x` is no range of revisions such as 0.1, 0.1-0.4 or 0.5+"},
    {HEAD "\n{'A':'emits','event':'x','data':{'$revision':7}}]}", 2, 46, "`$revision` takes an object of values"},
    {HEAD "{'A':'receives','event':'x','with':{'$revision':{'0.1':1}}}]}", 1, 134, "`$revision` has no branch for revision 0.2"},
    {HEAD "{'A':'joins','office':'here','checks':'ROOM-12','twin':'servd'},{'C':'joins','office':'here','as':'served'}]}", 1, 141, "unknown twin `servd` (did you mean `served`?)"},
    {HEAD "{'A':'never receives','event':'x','as':'t'}]}", 1, 125, "`never receives` has no attribute `as`"},
    {HEAD "{'A':'sends bytes','base64':'AA==','text':'x'}]}", 1, 86, "`sends bytes` takes either `base64` or `text`"},
};
/* clang-format on */

START_TEST(test_fault)
{
    struct diag d = {0};
    struct scenario *sc = load(faults[_i].text, &d);

    ck_assert_msg(sc == NULL, "accepted: %s", faults[_i].text);
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

START_TEST(test_fields)
{
    struct diag d = {0};
    struct scenario *sc = load(
        "{'id':'room.x','title':'T','why':'w','since':'0.1','until':'0.4','tags':['t3','slow'],'"
        "needs':['key'],"
        "'transports':['polling'],'offices':['nowhere'],'actors':{'A':'agent','R':{'role':'raw','"
        "key':'wrong'},"
        "'C':{'role':'computer','connects_first':false,'transport':'upgrade'}},'steps':["
        "{'A':'joins','office':'here','checks':['ROOM-01','T3-A01']},"
        "{'C':'connects'},{'C':'joins','office':'here','since':'0.2','within_ms':50},"
        "{'A':'receives','event':'notify:enter_office','checks':'ROOM-13'},"
        "{'A':'receives','event':'notify:enter_office','checks':'ROOM-13'},"
        "{'A':'lists','office':'nowhere','checks':'LIST-09','observe':true,'check':'mine'},"
        "{'together':[{'A':'is fenced'},{'C':'is fenced','level':'should','checks':'SIO-01'}]}]}",
        &d);

    ck_assert_msg(sc != NULL, "%u:%u %s", d.at.line, d.at.column, d.text);
    ck_assert_str_eq(sc->id, "room.x");
    ck_assert_int_eq(sc->since, SMCP_REV_0_1);
    ck_assert_int_eq(sc->until, SMCP_REV_0_4);
    ck_assert_str_eq(sc->tags[1], "slow");
    ck_assert_ptr_null(sc->tags[2]);
    ck_assert_str_eq(sc->needs[0], "key");
    ck_assert_uint_eq(sc->transports, ON_POLLING);
    ck_assert(sc->transports_fixed);
    ck_assert_uint_eq(sc->n_actors, 3);
    ck_assert(sc->actors[0].connects_first && !sc->actors[0].node);
    ck_assert(sc->actors[1].role == ACTOR_RAW && !sc->actors[1].connects_first);
    ck_assert(!sc->actors[2].connects_first && sc->actors[2].transport == ON_UPGRADE);
    ck_assert_uint_eq(sc->n_steps, 7);
    ck_assert_str_eq(sc->steps[0].check, "A joins here");
    ck_assert_str_eq(sc->steps[0].requirements[1], "T3-A01");
    ck_assert_ptr_null(sc->steps[0].requirements[2]);
    ck_assert(!sc->steps[0].should && !sc->steps[0].observe);
    ck_assert_ptr_null(sc->steps[1].requirements);
    ck_assert_ptr_null(sc->steps[1].check);
    ck_assert_int_eq(sc->steps[2].since, SMCP_REV_0_2);
    ck_assert_uint_eq(sc->steps[2].within_ms, 50);
    ck_assert_str_eq(sc->steps[3].check, "A receives notify:enter_office");
    ck_assert(sc->steps[3].should);
    ck_assert_str_eq(sc->steps[4].check, "A receives notify:enter_office #2");
    ck_assert_str_eq(sc->steps[5].check, "mine");
    ck_assert(sc->steps[5].observe);
    ck_assert_int_eq(sc->steps[6].verb, VERB_TOGETHER);
    ck_assert_uint_eq(sc->steps[6].n_children, 2);
    ck_assert(sc->steps[6].children[1].should);
    ck_assert_uint_eq(sc->steps[0].at.line, 1);
    scenario_free(sc);
}
END_TEST

/* Names may be used after their definition, by armed steps anywhere. */
START_TEST(test_names)
{
    struct diag d = {0};
    struct scenario *sc =
        load(HEAD "{'A':'never receives','event':'x','with':'{late}','checks':'SIO-01'},"
                  "{'A':'emits','event':'here','call':'here','data':['{here}','{A.sid}','{unique}',"
                  "'{revision}']},"
                  "{'C':'answers','event':'x','args':['{request.a.b}','{request}']},"
                  "{'C':'receives','event':'x','request':'r','capture':{'late':'/0/x'}},"
                  "{'C':'acks','request':'r','args':['{r.req_id}','{late}','{late.y}']},"
                  "{'A':'joins','office':'here'},{'A':'gets ack','call':'here'}]}",
             &d);

    ck_assert_msg(sc != NULL, "%u:%u %s", d.at.line, d.at.column, d.text);
    scenario_free(sc);
}
END_TEST

/* ---- lint ---- */

/* clang-format off */
static const struct {
    const char *steps; /* after A and C */
    const char *finding; /* NULL: none */
} lints[] = {
    {JOIN "{'C':'joins','office':'here','checks':['ROOM-01','ROOM-02']}]}", NULL},
    {"{'A':'joins','office':'here'}]}", "no step has `checks`: the scenario judges nothing"},
    {"{'A':'joins','office':'here','checks':'ROM-01'}]}", "unknown requirement `ROM-01` (did you mean `ROOM-01`?)"},
    {"{'A':'joins','office':'here','checks':['ROOM-01','ROOM-45']}]}", "ROOM-45 is for revisions rfc to rfc, this step is not"},
    {"{'A':'joins','office':'here','checks':'ROOM-45','since':'0.1'}]}", "ROOM-45 is for revisions rfc to rfc, this step is not"},
    {"{'A':'joins','office':'here','checks':'ROOM-19'}]}", "in revision 0.1 these are observations only: the step needs `observe`, or since/until"},
    {"{'A':'joins','office':'here','checks':['ROOM-19','ROOM-18']}]}", "in revision 0.1 these are observations only: the step needs `observe`, or since/until"},
    {"{'A':'joins','office':'here','checks':['ROOM-19','ROOM-18'],'since':'0.5'}]}", "ROOM-19 is for revisions 0.1 to 0.4, this step is not"},
    {"{'A':'joins','office':'here','checks':'ROOM-19','observe':true}]}", NULL},
    {"{'A':'joins','office':'here','checks':'D-17'}]}", "in revision 0.1 these are observations only: the step needs `observe`, or since/until"},
    {"{'A':'joins','office':'here','checks':'T3-A01'}]}", "a trace row says nothing by itself: name the requirement too"},
    {"{'A':'joins','office':'here'},{'A':'never receives','event':'notify:*'}]}", "`never receives` without `checks` judges nothing"},
    {"{'A':'joins','office':'here','checks':'ROOM-01'},{'C':'receives','event':'notify:enter_office','capture':{'v':'/0'}}]}", "capture `v` is never used"},
    {"{'A':'joins','office':'here','call':'j'},{'C':'joins','office':'here','checks':'ROOM-01'}]}", "nobody looks at this call: `gets ack`, `gets no ack` or `is refused` is missing"},
    {"{'A':'joins','office':'here','checks':'ROOM-01'},{'C':'receives','event':'client:tool_call','request':'r'}]}", "nobody uses this request: `acks` is missing"},
    {"{'A':'joins','office':'here','checks':'ROOM-01'},{'C':'receives','event':'notify:enter_ofice'}]}", "no revision of this step has an event `notify:enter_ofice` (did you mean `notify:enter_office`?)"},
    {"{'A':'joins','office':'here','checks':'ROOM-01'},{'C':'receives','event':'notif:*'}]}", "no revision of this step has an event `notif:*`"},
    {"{'A':'joins','office':'here','checks':'ROOM-01'},{'C':'receives','event':'notify:*','with':{'$schema':'join_ofice.request'}}]}", "no schema `join_ofice.request` for revision 0.1"},
    {"{'A':'joins','office':'here','checks':'ROOM-01'},{'A':'disconnects','how':'rst'},{'A':'lists'}]}", "never played: A is not connected here"},
    {"{'A':'joins','office':'here','checks':'ROOM-01'},{'A':'disconnects','how':'rst'},{'A':'connects'},{'A':'lists'}]}", NULL},
    {"{'A':'never receives','event':'notify:*','checks':'NOTIFY-05'}]}", "absence without a cause: nobody does anything that could be heard"},
    {"{'A':'joins','office':'elsewhere','checks':'ROOM-01'},{'A':'lists','office':'elsewere'}]}", "nobody joins office `elsewere` (did you mean `elsewhere`? else name it in `offices`)"},
    {"{'A':'joins','office':'here','checks':'ROOM-01'},{'A':'lists','office':'foreign'}]}", NULL},
    {"{'A':'joins','office':'here','ack':'refused','checks':'ROOM-12'}]}", "a refusal without `twin`: name the step that differs in one thing and is accepted, or say in `no_twin` why there is none"},
    {"{'A':'joins','office':'here','ack':[false,'x'],'checks':'ROOM-12'}]}", "a refusal without `twin`: name the step that differs in one thing and is accepted, or say in `no_twin` why there is none"},
    {"{'A':'lists','office':'here','call':'c'},{'A':'is refused','call':'c','checks':'ROOM-12'}]}", "a refusal without `twin`: name the step that differs in one thing and is accepted, or say in `no_twin` why there is none"},
    {"{'A':'joins','office':'here','ack':'refused','checks':'ROOM-12','no_twin':'as I say'}]}", NULL},
    {"{'A':'joins','office':'here','ack':'refused','checks':'ROOM-12','twin':'t'},{'C':'joins','office':'here','as':'t'}]}", NULL},
    {"{'A':'joins','office':'here','checks':'ROOM-12','twin':'t','no_twin':'n'},{'C':'joins','office':'here','as':'t'}]}", "`twin` or `no_twin`, not both"},
    {"{'A':'joins','office':'here','checks':'ROOM-12','as':'t'}]}", "no `twin` means this step"},
    {"{'A':'joins','office':'here','checks':'ROOM-12','twin':'t'},{'C':'joins','office':'here','as':'t','until':'0.3'}]}", "the twin is not played in revision 0.4, in which this check is"},
};
/* clang-format on */

static void keep_first(void *user, const struct diag *d)
{
    char **first = user;

    if (!*first)
        *first = xstrdup(d->text);
}

START_TEST(test_lint)
{
    char *text = xasprintf("%s%s", HEAD, lints[_i].steps), *first = NULL;
    struct diag d = {0};
    struct scenario *sc = load(text, &d);
    size_t n;

    ck_assert_msg(sc != NULL, "%s: %u:%u %s", text, d.at.line, d.at.column, d.text);
    n = scenario_lint(sc, keep_first, &first);
    ck_assert_msg((n == 0) == (lints[_i].finding == NULL), "%s: %zu findings, first: %s", text, n,
                  first ? first : "-");
    if (first)
        ck_assert_str_eq(first, lints[_i].finding);
    free(first);
    free(text);
    scenario_free(sc);
}
END_TEST

/* ---- sets ---- */

START_TEST(test_embedded)
{
    struct scenario_set set;
    struct diag d = {0};

    ck_assert_msg(scenario_set_load(&set, NULL, &d), "%s:%u:%u: %s", d.path, d.at.line, d.at.column,
                  d.text);
    ck_assert_uint_gt(set.n, 0);
    for (size_t i = 1; i < set.n; i++)
        ck_assert_int_lt(strcmp(set.items[i - 1]->id, set.items[i]->id), 0);
    scenario_set_release(&set);
}
END_TEST

START_TEST(test_missing_folder)
{
    struct scenario_set set;
    struct diag d = {0};

    ck_assert(!scenario_set_load(&set, "no/such/folder", &d));
    ck_assert_str_eq(d.path, "no/such/folder");
    ck_assert_str_eq(d.text, "cannot be read: No such file or directory");
    diag_release(&d);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("scenario");
    TCase *tc = tcase_create("scenario");

    tcase_set_timeout(tc, 60);

    tcase_add_loop_test(tc, test_fault, 0, (int)ARRAY_LEN(faults));
    tcase_add_test(tc, test_fields);
    tcase_add_test(tc, test_names);
    tcase_add_loop_test(tc, test_lint, 0, (int)ARRAY_LEN(lints));
    tcase_add_test(tc, test_embedded);
    tcase_add_test(tc, test_missing_folder);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
