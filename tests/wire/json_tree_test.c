/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test_wire_check.h"
#include "wire/json_text.h"

static const char TEXT[] = " {\n  \"a\": [1, {\"b/c\": \"x\\u0000y\", \"m~n\": []}, null],\n  "
                           "\"a\": 2, \"\": {\"\\u0041\": true}\n} ";

static struct json_doc *parse(const char *text)
{
    struct json_doc *doc = NULL;
    struct wire_fault fault = {0};

    ck_assert_int_eq((int)json_doc_parse(slice_str(text), 9, &doc, &fault), WIRE_OK);
    return doc;
}

START_TEST(test_shape)
{
    struct json_doc *doc = parse(TEXT);
    const struct json_node *root = json_doc_root(doc), *a;

    ck_slice(json_doc_text(doc), slice_str(TEXT));
    ck_assert_int_eq((int)root->type, JSON_OBJECT);
    ck_assert_uint_eq(root->count, 3);
    ck_slice(root->text, slice_of(TEXT + 1, sizeof(TEXT) - 3));
    ck_assert_uint_eq(root->key.len, 0);
    ck_assert_ptr_null(root->next);
    a = root->first;
    ck_slice(a->key, S("\"a\""));
    ck_assert_int_eq((int)a->type, JSON_ARRAY);
    ck_assert_uint_eq(a->count, 3);
    ck_slice(a->text, S("[1, {\"b/c\": \"x\\u0000y\", \"m~n\": []}, null]"));
    ck_slice(a->first->text, S("1"));
    ck_assert_uint_eq(a->first->key.len, 0);
    ck_slice(a->first->next->next->text, S("null"));
    ck_assert_ptr_null(a->first->next->next->next);
    ck_slice(a->next->text, S("2"));
    json_doc_free(doc);
    json_doc_free(NULL);
}
END_TEST

START_TEST(test_lookup)
{
    struct json_doc *doc = parse(TEXT);
    const struct json_node *root = json_doc_root(doc), *a = json_get(root, "a");

    ck_assert_ptr_eq(a, root->first);
    ck_assert_ptr_null(json_get(root, "b"));
    ck_assert_ptr_null(json_get(a, "a"));
    ck_assert_ptr_null(json_get(NULL, "a"));
    ck_assert_ptr_null(json_at(NULL, 0));
    ck_assert_ptr_null(json_at(root, 0));
    ck_assert_ptr_null(json_at(a, 3));
    ck_slice(json_at(a, 2)->text, S("null"));
    ck_slice(json_get(json_get(root, ""), "A")->text, S("true"));
    json_doc_free(doc);
}
END_TEST

static const struct {
    const char *pointer;
    const char *text; /* NULL: leads nowhere */
} pointers[] = {
    {"/a/0", "1"},
    {"/a/1/b~1c", "\"x\\u0000y\""},
    {"/a/1/m~0n", "[]"},
    {"//A", "true"},
    {"/a/2", "null"},
    {"/", "{\"\\u0041\": true}"},
    {"/a/3", NULL},
    {"/a/-", NULL},
    {"/a/00", NULL},
    {"/a/01", NULL},
    {"/a/", NULL},
    {"/a/1/b/c", NULL},
    {"/a/0/x", NULL},
    {"/a/+1", NULL},
    {"a", NULL},
    {"/A", NULL},
    {"/a/99999999999", NULL},
    {"/a/1/m~n", "[]"},
};

START_TEST(test_pointer)
{
    struct json_doc *doc = parse(TEXT);
    const struct json_node *node = json_pointer(json_doc_root(doc), pointers[_i].pointer);

    if (!pointers[_i].text) {
        ck_assert_ptr_null(node);
    } else {
        ck_assert_ptr_nonnull(node);
        ck_slice(node->text, slice_str(pointers[_i].text));
    }
    json_doc_free(doc);
}
END_TEST

/* The examples of RFC 6901, section 5. */
static const char EXAMPLE[] =
    "{\"foo\":[\"bar\",\"baz\"],\"\":0,\"a/b\":1,\"c%d\":2,\"e^f\":3,\"g|h\":4,\"i\\\\j\":5,"
    "\"k\\\"l\":6,\" \":7,\"m~n\":8,\"~1\":9}";
static const struct {
    const char *pointer, *text;
} examples[] = {
    {"/foo", "[\"bar\",\"baz\"]"},
    {"/foo/0", "\"bar\""},
    {"/", "0"},
    {"/a~1b", "1"},
    {"/c%d", "2"},
    {"/e^f", "3"},
    {"/g|h", "4"},
    {"/i\\j", "5"},
    {"/k\"l", "6"},
    {"/ ", "7"},
    {"/m~0n", "8"},
    {"/~01", "9"},
};

START_TEST(test_pointer_rfc)
{
    struct json_doc *doc = parse(EXAMPLE);

    ck_assert_ptr_eq(json_pointer(json_doc_root(doc), ""), json_doc_root(doc));
    ck_slice(json_pointer(json_doc_root(doc), examples[_i].pointer)->text,
             slice_str(examples[_i].text));
    json_doc_free(doc);
}
END_TEST

START_TEST(test_copies)
{
    struct json_doc *doc = parse(TEXT);
    const struct json_node *root = json_doc_root(doc), *object = json_pointer(root, "/a/1");
    size_t len = 0;
    char *text = json_node_str(object->first, &len), *key = json_node_key(object->first);

    ck_assert_uint_eq(len, 3);
    ck_assert_mem_eq(text, "x\0y", 4);
    ck_assert_str_eq(key, "b/c");
    ck_assert_ptr_null(json_node_str(root, NULL));
    ck_assert_ptr_null(json_node_str(NULL, NULL));
    free(text);
    free(key);
    json_doc_free(doc);
}
END_TEST

START_TEST(test_positions)
{
    struct json_doc *doc = parse(TEXT);
    struct json_position pos = json_position_of(doc, json_pointer(json_doc_root(doc), "//A"));

    ck_assert_uint_eq(pos.line, 3);
    ck_assert_uint_eq(pos.column, 26);
    json_doc_free(doc);
}
END_TEST

START_TEST(test_scalar_root)
{
    struct json_doc *doc = parse(" -5 ");

    ck_assert_int_eq((int)json_doc_root(doc)->type, JSON_NUMBER);
    ck_slice(json_doc_root(doc)->text, S("-5"));
    json_doc_free(doc);
}
END_TEST

START_TEST(test_refused)
{
    struct json_doc *doc = NULL;
    struct wire_fault fault = {0};

    ck_assert_int_eq((int)json_doc_parse(S("[1,]"), 9, &doc, &fault), WIRE_E_JSON_SYNTAX);
    ck_assert_uint_eq(fault.offset, 3);
    ck_assert_int_eq((int)json_doc_parse(S("[[]]"), 1, &doc, &fault), WIRE_E_JSON_DEPTH);
    ck_assert_ptr_null(doc);
}
END_TEST

/* More nodes than one chunk holds, and the deepest nesting there is. */
START_TEST(test_large)
{
    struct buf text;
    struct json_doc *doc = NULL;
    const struct json_node *node;

    buf_init(&text, 1000000);
    buf_append_ch(&text, '[');
    for (unsigned i = 0; i < 1000; i++)
        buf_appendf(&text, "%s%u", i ? "," : "", i);
    buf_append_ch(&text, ']');
    ck_assert_int_eq((int)json_doc_parse(buf_slice(&text), 1, &doc, NULL), WIRE_OK);
    ck_assert_uint_eq(json_doc_root(doc)->count, 1000);
    ck_slice(json_at(json_doc_root(doc), 999)->text, S("999"));
    json_doc_free(doc);
    buf_clear(&text);
    for (unsigned i = 0; i < JSON_DEPTH_LIMIT; i++)
        buf_append_ch(&text, '[');
    for (unsigned i = 0; i < JSON_DEPTH_LIMIT; i++)
        buf_append_ch(&text, ']');
    ck_assert_int_eq((int)json_doc_parse(buf_slice(&text), JSON_DEPTH_LIMIT, &doc, NULL), WIRE_OK);
    for (node = json_doc_root(doc); node->first; node = node->first)
        ck_assert_uint_eq(node->count, 1);
    ck_slice(node->text, S("[]"));
    json_doc_free(doc);
    buf_release(&text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("json_tree");
    TCase *tc = tcase_create("tree");

    tcase_add_test(tc, test_shape);
    tcase_add_test(tc, test_lookup);
    tcase_add_loop_test(tc, test_pointer, 0, (int)ARRAY_LEN(pointers));
    tcase_add_loop_test(tc, test_pointer_rfc, 0, (int)ARRAY_LEN(examples));
    tcase_add_test(tc, test_copies);
    tcase_add_test(tc, test_positions);
    tcase_add_test(tc, test_scalar_root);
    tcase_add_test(tc, test_refused);
    tcase_add_test(tc, test_large);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
