/* SPDX-License-Identifier: Apache-2.0 */
/* Accepted text: all readers agree, and a text printed from the tree means the same.  Refused text:
 * a sane offset. */
#include "tests/fuzz/fuzz.h"
#include "wire/json_text.h"

enum { DEPTH = 64, CEILING = 1 << 24 };

static void print(const struct json_node *node, struct buf *out);

static void print_string(struct slice raw, struct buf *out)
{
    struct buf value;

    buf_init(&value, CEILING);
    json_string_decode(raw, &value);
    HOLDS(json_string_is(raw, buf_slice(&value)));
    HOLDS(json_string_length(raw) <= value.len);
    buf_append_json_string(out, buf_slice(&value));
    buf_release(&value);
}

static void print_number(struct slice raw, struct buf *out)
{
    double value = json_number_double(raw);
    int64_t i64;

    HOLDS(value == value);
    if (json_number_i64(raw, &i64))
        HOLDS((double)i64 == value);
    buf_append_slice(out, raw);
}

static void print_container(const struct json_node *node, struct buf *out)
{
    struct json_cursor c;
    struct slice key, value;
    size_t count = 0;
    bool object = node->type == JSON_OBJECT;

    HOLDS(object ? json_cursor_object(&c, node->text) : json_cursor_array(&c, node->text));
    buf_append_ch(out, object ? '{' : '[');
    for (const struct json_node *child = node->first; child; child = child->next) {
        HOLDS(json_next(&c, &key, &value));
        HOLDS(slice_eq(child->text, value));
        HOLDS(slice_eq(child->key, key));
        if (count++)
            buf_append_ch(out, ',');
        if (object) {
            print_string(key, out);
            buf_append_ch(out, ':');
        }
        print(child, out);
    }
    HOLDS(!json_next(&c, &key, &value));
    HOLDS(count == node->count);
    buf_append_ch(out, object ? '}' : ']');
}

static void print(const struct json_node *node, struct buf *out)
{
    HOLDS(json_type_of(node->text) == node->type);
    if (node->type == JSON_STRING)
        print_string(node->text, out);
    else if (node->type == JSON_NUMBER)
        print_number(node->text, out);
    else if (node->first)
        print_container(node, out);
    else
        buf_append_slice(out, node->text);
}

static void check_accepted(struct slice text)
{
    struct json_doc *doc = NULL;
    struct buf printed;

    HOLDS(json_doc_parse(text, DEPTH, &doc, NULL) == WIRE_OK);
    buf_init(&printed, CEILING);
    print(json_doc_root(doc), &printed);
    HOLDS(!printed.overflow);
    HOLDS(json_scan(buf_slice(&printed), DEPTH, NULL) == WIRE_OK);
    HOLDS(json_equal(text, buf_slice(&printed), JSON_BY_VALUE, NULL));
    HOLDS(json_equal(buf_slice(&printed), text, JSON_BY_NUMBER_TEXT, NULL));
    HOLDS(json_equal(text, text, JSON_BY_BYTES, NULL));
    buf_release(&printed);
    json_doc_free(doc);
}

/* Walking text that was never accepted is a mistake, but not one that may touch foreign memory. */
static void check_walk(struct slice text)
{
    struct json_cursor c;
    struct slice key, value;
    unsigned count;

    if (json_cursor_array(&c, text) || json_cursor_object(&c, text))
        for (size_t i = 0; i <= text.len && json_next(&c, &key, &value); i++)
            (void)json_type_of(value);
    (void)json_member(text, "a", &value, &count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = slice_of((const char *)data, size);
    struct wire_fault fault = {0};
    enum wire_err err = json_scan(text, DEPTH, &fault);
    size_t end = 0;

    if (err) {
        HOLDS(fault.code == err && fault.offset <= size && fault.expected);
        check_walk(text);
    } else {
        HOLDS(json_scan_value(text, 0, DEPTH, &end, NULL) == WIRE_OK && end <= size);
        check_accepted(text);
    }
    return 0;
}
