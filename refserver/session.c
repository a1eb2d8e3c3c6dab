/* SPDX-License-Identifier: Apache-2.0 */
#include "refserver/session.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "refserver/office.h"
#include "wire/xmalloc.h"

struct session_slot {
    struct session *session; /* owned; NULL: free */
    uint32_t serial;
    uint32_t next_free;
};

void session_table_init(struct session_table *table)
{
    *table = (struct session_table){0};
}

void session_table_release(struct session_table *table)
{
    for (uint32_t i = 0; i < table->capacity; i++) {
        if (!table->slots[i].session)
            continue;
        label_release(&table->slots[i].session->name);
        label_release(&table->slots[i].session->left);
        free(table->slots[i].session);
    }
    free(table->slots);
    session_table_init(table);
}

static void grow(struct session_table *table)
{
    uint32_t old = table->capacity;

    table->capacity = old ? 2 * old : 64;
    table->slots = xrealloc(table->slots, table->capacity * sizeof(*table->slots));
    for (uint32_t i = table->capacity; i > old; i--) {
        table->slots[i - 1] = (struct session_slot){.next_free = table->free_head};
        table->free_head = i;
    }
}

struct session *session_new(struct session_table *table, struct sio_socket *socket,
                            uint64_t since_ms)
{
    struct session *s = xcalloc(1, sizeof(*s));
    struct session_slot *slot;
    uint32_t index;

    if (table->free_head == 0)
        grow(table);
    index = table->free_head - 1;
    slot = &table->slots[index];
    table->free_head = slot->next_free;
    table->count++;
    slot->session = s;
    s->socket = socket;
    snprintf(s->sid, sizeof(s->sid), "%s", sio_socket_sid(socket));
    s->since_ms = since_ms;
    s->ref = (struct session_ref){index, slot->serial};
    return s;
}

void session_free(struct session_table *table, struct session *s)
{
    struct session_slot *slot = &table->slots[s->ref.index];

    assert(!s->office && s->answering == 0);
    slot->session = NULL;
    slot->serial++;
    slot->next_free = table->free_head;
    table->free_head = s->ref.index + 1;
    table->count--;
    label_release(&s->name);
    label_release(&s->left);
    free(s->version);
    free(s);
}

struct session *session_find(const struct session_table *table, struct session_ref ref)
{
    if (ref.index >= table->capacity || table->slots[ref.index].serial != ref.serial)
        return NULL;
    return table->slots[ref.index].session;
}

struct session *session_each(const struct session_table *table, uint32_t *index)
{
    while (*index < table->capacity) {
        struct session *s = table->slots[(*index)++].session;

        if (s)
            return s;
    }
    return NULL;
}

void session_notify(struct session *s, const struct smcp_event *notice, struct slice args)
{
    if (s->socket)
        sio_socket_emit(s->socket, notice->name_json, args, SIO_NO_ID, NULL, 0);
}

void session_info_encode(const struct session *s, struct buf *out)
{
    buf_append_str(out, "{\"sid\":\"");
    buf_append_str(out, s->sid);
    buf_append_str(out, "\",\"name\":");
    buf_append_slice(out, s->name.json);
    buf_append_str(out, ",\"role\":\"");
    buf_append_str(out, smcp_role_text(s->role));
    buf_append_str(out, "\",\"office_id\":");
    buf_append_slice(out, s->office->id.json);
    if (s->version) {
        buf_append_str(out, ",\"a2c_version\":");
        buf_append_json_string(out, slice_str(s->version));
    }
    buf_append_ch(out, '}');
}
