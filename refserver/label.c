/* SPDX-License-Identifier: Apache-2.0 */
#include "refserver/label.h"

#include <stdlib.h>
#include <string.h>

#include "wire/json_text.h"
#include "wire/xmalloc.h"

/* Scanned values may have blanks around them. */
static struct slice trimmed(struct slice json)
{
    while (json.len > 0 && json.ptr[0] != '"') {
        json.ptr++;
        json.len--;
    }
    while (json.len > 0 && json.ptr[json.len - 1] != '"')
        json.len--;
    return json;
}

struct label label_borrow(struct slice json, struct buf *scratch)
{
    struct label label = {.json = trimmed(json)};

    if (!memchr(label.json.ptr, '\\', label.json.len)) {
        label.value = slice_of(label.json.ptr + 1, label.json.len - 2);
        return label;
    }
    buf_clear(scratch);
    json_string_decode(label.json, scratch);
    label.value = buf_slice(scratch);
    return label;
}

struct label label_copy(const struct label *from)
{
    struct label label;

    label.memory = xmalloc(from->json.len + from->value.len + 1);
    memcpy(label.memory, from->json.ptr, from->json.len);
    if (from->value.len > 0)
        memcpy(label.memory + from->json.len, from->value.ptr, from->value.len);
    label.json = slice_of(label.memory, from->json.len);
    label.value = slice_of(label.memory + from->json.len, from->value.len);
    return label;
}

void label_release(struct label *label)
{
    free(label->memory);
    *label = (struct label){0};
}
