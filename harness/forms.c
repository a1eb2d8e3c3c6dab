/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/forms.h"

#include <stdlib.h>
#include <string.h>

#include "wire/limits.h"
#include "wire/xmalloc.h"

/* ROOM-01, ROOM-02, ROOM-03, ROOM-04, LEAVE-01, LEAVE-02: by the forms that the revision's row names. */
static const char *member_pattern(enum smcp_form form, bool success)
{
    switch (form) {
    case FORM_TUPLE:
        return success ? "[true,null]" : "[false,{\"$regex\":\"(?s).\"}]";
    case FORM_EMPTY:
        return "[]";
    case FORM_FLAT:
        return "[{\"code\":{\"$type\":\"integer\"},\"message\":{\"$type\":\"string\"}}]";
    case FORM_NESTED:
        return "[{\"error\":{\"code\":{\"$type\":\"integer\"},\"message\":{\"$type\":\"string\"}}}"
               "]";
    case FORM_NONE:
        break;
    }
    return NULL;
}

/* Where no form is given: clearly an error, and anything else. */
#define OPEN_REFUSAL                                                                               \
    "{\"$oneOf\":[[false],[false,{\"$any\":true}],[{\"error\":{\"$any\":true}}],"                  \
    "[{\"code\":{\"$type\":\"integer\"}}]]}"

static const char *open_pattern(bool success)
{
    return success ? "{\"$not\":" OPEN_REFUSAL "}" : OPEN_REFUSAL;
}

const char *form_ack_pattern(const char *word, enum smcp_revision_id rev)
{
    const struct smcp_revision *row = smcp_revision(rev);

    if (row->member_open && strcmp(word, "any") != 0)
        return open_pattern(strcmp(word, "success") == 0);
    if (strcmp(word, "success") == 0)
        return member_pattern(row->member_ack, true);
    if (strcmp(word, "refused") == 0)
        return member_pattern(row->member_refusal, false);
    return strcmp(word, "any") == 0 ? "{\"$any\":true}" : NULL;
}

/* Is the string node the name of an actor? */
static bool names_actor(const struct scenario *sc, const struct json_node *item)
{
    for (size_t i = 0; i < sc->n_actors; i++) {
        if (json_string_is(item->text, slice_str(sc->actors[i].name)))
            return true;
    }
    return false;
}

static void append_items(const struct scenario *sc, const struct json_node *list, struct buf *out)
{
    const struct json_node *item;

    buf_append_ch(out, '[');
    for (item = list->first; item; item = item->next) {
        if (item != list->first)
            buf_append_ch(out, ',');
        if (item->type == JSON_STRING && names_actor(sc, item))
            buf_appendf(out, "{\"name\":\"{%.*s.name}\"}", (int)item->text.len - 2,
                        item->text.ptr + 1);
        else
            buf_append_slice(out, item->text);
    }
    buf_append_ch(out, ']');
}

char *form_sessions_pattern(const struct scenario *sc, const struct json_node *sessions,
                            const char *req_id)
{
    const struct json_node *inner = sessions->type == JSON_OBJECT ? sessions->first : NULL;
    struct buf out;

    buf_init(&out, WIRE_MAX_PAYLOAD_BYTES);
    buf_append_str(&out, "[{\"sessions\":");
    if (sessions->type == JSON_ARRAY) {
        buf_append_str(&out, "{\"$anyOrder\":");
        append_items(sc, sessions, &out);
        buf_append_ch(&out, '}');
    } else if (inner && inner->type == JSON_ARRAY) {
        buf_appendf(&out, "{%.*s:", (int)inner->key.len, inner->key.ptr);
        append_items(sc, inner, &out);
        buf_append_ch(&out, '}');
    } else {
        buf_append_slice(&out, sessions->text);
    }
    buf_append_str(&out, ",\"req_id\":");
    buf_append_json_string(&out, slice_str(req_id));
    buf_append_str(&out, "}]");
    return buf_take_str(&out);
}

/* ---- refusals ---- */

static bool is_type(struct slice object, const char *key, enum json_type type)
{
    struct slice value;

    return json_member(object, key, &value, NULL) && json_type_of(value) == type;
}

static bool carries_error(struct slice object)
{
    struct slice value;

    if (json_member(object, "error", &value, NULL) && json_type_of(value) != JSON_NULL)
        return true;
    if (json_member(object, "Err", &value, NULL))
        return true;
    if (is_type(object, "isError", JSON_TRUE))
        return true;
    if (is_type(object, "ok", JSON_FALSE) || is_type(object, "success", JSON_FALSE))
        return true;
    /* A tool's result may hold a member `code` too; then it has content (ROUTE-22). */
    return is_type(object, "code", JSON_NUMBER) && !json_member(object, "content", &value, NULL);
}

static bool lists_nobody(struct slice object)
{
    struct slice sessions, key, element;
    struct json_cursor c;

    if (!json_member(object, "sessions", &sessions, NULL) || !json_cursor_array(&c, sessions))
        return false;
    return !json_next(&c, &key, &element);
}

static bool is_member_success(const char *event, struct slice args, enum smcp_revision_id rev)
{
    bool member =
        strcmp(event, "server:join_office") == 0 || strcmp(event, "server:leave_office") == 0;
    const struct smcp_revision *row = smcp_revision(rev);
    const char *success = member_pattern(row->member_ack, true);

    if (member && row->member_open && args.len <= 2) /* [] */
        return true;
    return member && success && json_equal(args, slice_str(success), JSON_BY_VALUE, NULL);
}

bool form_is_refusal(const char *event, struct slice args, enum smcp_revision_id rev)
{
    struct json_cursor c;
    struct slice key, first;

    if (is_member_success(event, args, rev) || !json_cursor_array(&c, args))
        return false;
    if (!json_next(&c, &key, &first))
        return true;
    switch (json_type_of(first)) {
    case JSON_NULL:
    case JSON_FALSE:
    case JSON_STRING:
        return true;
    case JSON_TRUE:
    case JSON_NUMBER:
    case JSON_ARRAY:
        return false;
    case JSON_OBJECT:
        break;
    }
    if (strcmp(event, "server:list_room") == 0 && lists_nobody(first))
        return true;
    return carries_error(first);
}
