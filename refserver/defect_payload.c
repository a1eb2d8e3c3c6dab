/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "refserver/server.h"
#include "wire/json_text.h"

/* What defects do to payloads on their way through: the text is walked token by token; it is valid JSON. */

enum { LONG_BYTES = 32768, COLUMN_BYTES = 255, MAX_DEPTH = 64 };

struct walk {
    const struct defects *defects;
    struct buf *out;
    const char *at;
    const char *end;
    bool is_result;
};

static bool is_on(const struct walk *w, enum defect_id id)
{
    return defect_on(w->defects, id);
}

static const char *string_end(const char *at, const char *end)
{
    for (at++; at < end && *at != '"'; at++)
        at += *at == '\\';
    return at + 1;
}

static const char *scalar_end(const char *at, const char *end)
{
    while (at < end && !strchr(",]} \t\r\n", *at))
        at++;
    return at;
}

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && strchr(" \t\r\n", *at))
        at++;
    return at;
}

/* Characters beyond U+FFFF, as UTF-8 or as an escaped pair. */
static size_t non_bmp_len(const char *at, const char *end)
{
    if ((unsigned char)*at >= 0xf0)
        return 4;
    if (end - at >= 12 && (strncmp(at, "\\ud8", 4) == 0 || strncmp(at, "\\uD8", 4) == 0))
        return 12;
    return 0;
}

/* "{\"a\":1}" -> {"a":1}; false when it holds no object or list. */
static bool put_held_json(struct walk *w, struct slice text)
{
    struct buf held;
    struct wire_fault fault;
    bool is_json;

    buf_init(&held, text.len);
    json_string_decode(text, &held);
    is_json = held.len > 0 && strchr("{[", held.data[0]) &&
              json_scan(buf_slice(&held), MAX_DEPTH, &fault) == WIRE_OK;
    if (is_json)
        buf_append_slice(w->out, buf_slice(&held));
    buf_release(&held);
    return is_json;
}

static void put_string(struct walk *w, struct slice text)
{
    const char *end = text.ptr + text.len - 1; /* the closing quote */

    if (is_on(w, DEFECT_TEXT_AS_JSON) && put_held_json(w, text))
        return;
    if (is_on(w, DEFECT_TRIMMED)) {
        while (end - text.ptr > 1 && end[-1] == ' ')
            end--;
    }
    if (text.len > COLUMN_BYTES && is_on(w, DEFECT_CUT_255))
        end = text.ptr + COLUMN_BYTES;
    if (text.len == 2 && is_on(w, DEFECT_EMPTY_NULL)) {
        buf_append_str(w->out, "null");
        return;
    }
    if (text.len > LONG_BYTES && is_on(w, DEFECT_LONG_CUT))
        end = text.ptr + LONG_BYTES;
    for (const char *at = text.ptr; at < end;) {
        size_t len = is_on(w, DEFECT_NON_BMP_LOST) ? non_bmp_len(at, end) : 0;

        if (is_on(w, DEFECT_NUL_CUT) && end - at >= 6 && strncmp(at, "\\u0000", 6) == 0)
            break;
        if (len) {
            buf_append_ch(w->out, '?');
        } else {
            len = *at == '\\' ? 2 : 1;
            buf_append(w->out, at, len);
        }
        at += len;
    }
    buf_append_ch(w->out, '"');
}

static void put_number(struct walk *w, struct slice text)
{
    int64_t value;

    if (is_on(w, DEFECT_INT_32) && json_number_i64(text, &value))
        buf_appendf(w->out, "%d", (int)(int32_t)(uint32_t)(uint64_t)value);
    else if (is_on(w, DEFECT_FRACTION_CUT) && !memchr(text.ptr, 'e', text.len) &&
             memchr(text.ptr, '.', text.len))
        buf_append(w->out, text.ptr,
                   (size_t)((const char *)memchr(text.ptr, '.', text.len) - text.ptr));
    else
        buf_append_slice(w->out, text);
}

static void put_scalar(struct walk *w, struct slice text)
{
    if (is_on(w, DEFECT_BOOL_INT) && slice_is(text, "true"))
        buf_append_ch(w->out, '1');
    else if (is_on(w, DEFECT_BOOL_INT) && slice_is(text, "false"))
        buf_append_ch(w->out, '0');
    else if (*text.ptr == '-' || (*text.ptr >= '0' && *text.ptr <= '9'))
        put_number(w, text);
    else
        buf_append_slice(w->out, text);
}

static bool is_dropped(const struct walk *w, struct slice value)
{
    if (slice_is(value, "null"))
        return is_on(w, DEFECT_DROP_NULLS) || (w->is_result && is_on(w, DEFECT_RESULT_NULLS));
    return slice_is(value, "0") && !w->is_result && is_on(w, DEFECT_ZERO_DROPPED);
}

/* `"key": null` (or 0) and one comma are left out; false when it is something else. */
static bool drop_member(struct walk *w, const char *colon)
{
    const char *value = skip_blanks(colon + 1, w->end), *after = scalar_end(value, w->end);

    if (!is_dropped(w, slice_of(value, (size_t)(after - value))))
        return false;
    w->at = skip_blanks(after, w->end);
    if (w->at < w->end && *w->at == ',')
        w->at++;
    else if (w->out->len > 0 && w->out->data[w->out->len - 1] == ',')
        w->out->len--;
    return true;
}

static void walk_string(struct walk *w)
{
    const char *after = string_end(w->at, w->end);
    const char *next = skip_blanks(after, w->end);
    struct slice text = slice_of(w->at, (size_t)(after - w->at));
    bool is_key = next < w->end && *next == ':';

    if (is_key && drop_member(w, next))
        return;
    w->at = after;
    if (is_key)
        buf_append_slice(w->out, text);
    else
        put_string(w, text);
}

struct slice defect_payload(struct defects *d, struct slice args, bool is_result)
{
    struct walk w = {d, &d->payload, args.ptr, args.ptr + args.len, is_result};

    buf_clear(w.out);
    while (w.at < w.end) {
        if (*w.at == '"') {
            walk_string(&w);
        } else if (strchr("[]{}:, \t\r\n", *w.at)) {
            buf_append_ch(w.out, *w.at++);
        } else {
            const char *after = scalar_end(w.at, w.end);

            put_scalar(&w, slice_of(w.at, (size_t)(after - w.at)));
            w.at = after;
        }
    }
    return buf_slice(w.out);
}
