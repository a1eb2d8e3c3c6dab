/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/sio_packet.h"

#include <stdlib.h>

#include "wire/json_text.h"
#include "wire/json_walk.h"
#include "wire/xmalloc.h"

enum { FEW = 1024 };

/* One linear walk over accepted JSON; the recursion is as deep as the scanner allowed. */
struct walk {
    const char *at;
    const char *end;
    unsigned count; /* announced */
    unsigned found;
    unsigned char *seen; /* per number: a placeholder had it */
    const char *fault;   /* the placeholder that is wrong; NULL while all is well */
    const char *expected;
};

static void walk_value(struct walk *w);

static void take_placeholder(struct walk *w, const char *object, struct slice num)
{
    int64_t value;

    if (w->fault)
        return;
    w->fault = object;
    if (!num.len || json_type_of(num) != JSON_NUMBER || !json_number_i64(num, &value) ||
        value < 0 || value >= (int64_t)w->count)
        w->expected = "placeholder with a number below the number of attachments";
    else if (w->seen[value])
        w->expected = "each attachment once";
    else
        w->fault = NULL;
    if (w->fault)
        return;
    w->seen[value] = 1;
    w->found++;
}

/* Like official receivers: an object is a placeholder when its _placeholder is true, whatever else
 * it has. */
static void walk_object(struct walk *w)
{
    const char *object = w->at++, *start;
    struct slice key, value, num = {0};
    bool placeholder = false;

    for (w->at = json_skip_filler(w->at, w->end); w->at < w->end && *w->at != '}';
         w->at = json_skip_filler(w->at, w->end)) {
        start = w->at;
        w->at = json_skip_string(start, w->end);
        key = slice_of(start, (size_t)(w->at - start));
        w->at = json_skip_filler(w->at, w->end);
        start = w->at;
        walk_value(w);
        value = slice_of(start, (size_t)(w->at - start));
        if (json_string_is(key, slice_str("_placeholder")))
            placeholder = slice_is(value, "true");
        else if (json_string_is(key, slice_str("num")))
            num = value;
    }
    w->at += w->at < w->end;
    if (placeholder)
        take_placeholder(w, object, num);
}

static void walk_array(struct walk *w)
{
    w->at++;
    for (w->at = json_skip_filler(w->at, w->end); w->at < w->end && *w->at != ']';
         w->at = json_skip_filler(w->at, w->end))
        walk_value(w);
    w->at += w->at < w->end;
}

static void walk_value(struct walk *w)
{
    if (w->at < w->end && *w->at == '{')
        walk_object(w);
    else if (w->at < w->end && *w->at == '[')
        walk_array(w);
    else
        w->at = json_skip_value(w->at, w->end);
}

enum wire_err sio_placeholders_check(struct slice payload, unsigned count,
                                     struct wire_fault *reterr)
{
    unsigned char few[FEW];
    struct walk w = {
        .at = payload.ptr, .end = payload.ptr + payload.len, .count = count, .seen = few};

    if (count > FEW)
        w.seen = xmalloc(count);
    memset(w.seen, 0, count);
    walk_value(&w);
    if (w.seen != few)
        free(w.seen);
    if (!w.fault && w.found < count) {
        w.fault = payload.ptr + payload.len;
        w.expected = "a placeholder for every attachment";
    }
    if (!w.fault)
        return WIRE_OK;
    if (reterr)
        *reterr = (struct wire_fault){WIRE_E_SIO_PLACEHOLDER, (size_t)(w.fault - payload.ptr),
                                      w.expected};
    return WIRE_E_SIO_PLACEHOLDER;
}
