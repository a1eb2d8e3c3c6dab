/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/refserver/fake_endpoint.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "wire/json_text.h"

struct buf fake_output;
uint64_t fake_now_ms = 1000;

/* ---- endpoint/server.h ---- */

void sio_socket_emit(struct sio_socket *s, struct slice name_raw, struct slice args, uint64_t id,
                     const struct slice *attachments, unsigned n_attachments)
{
    (void)attachments;
    (void)n_attachments;
    buf_appendf(&fake_output, "%s<%.*s", s->sid, (int)name_raw.len - 2, name_raw.ptr + 1);
    if (id != SIO_NO_ID)
        buf_appendf(&fake_output, "#%llu", (unsigned long long)id);
    buf_append_ch(&fake_output, ' ');
    buf_append_slice(&fake_output, args);
    buf_append_ch(&fake_output, '\n');
}

void sio_socket_ack(struct sio_socket *s, uint64_t id, struct slice args,
                    const struct slice *attachments, unsigned n_attachments)
{
    (void)attachments;
    (void)n_attachments;
    buf_appendf(&fake_output, "%s<ack %llu [", s->sid, (unsigned long long)id);
    buf_append_slice(&fake_output, args);
    buf_append_str(&fake_output, "]\n");
}

void sio_socket_disconnect(struct sio_socket *s)
{
    buf_appendf(&fake_output, "%s<bye\n", s->sid);
}

const char *sio_socket_sid(const struct sio_socket *s)
{
    return s->sid;
}

/* ---- net/loop.h: a clock that stands still and timers that never fire by themselves ---- */

uint64_t net_loop_now_ms(const struct net_loop *loop)
{
    (void)loop;
    return fake_now_ms;
}

struct net_timer *net_timer_new(struct net_loop *loop, net_timer_fn *fn, void *user)
{
    (void)loop;
    (void)fn;
    (void)user;
    return NULL;
}

void net_timer_start(struct net_timer *timer, uint64_t due_ms)
{
    (void)timer;
    (void)due_ms;
}

void net_timer_free(struct net_timer *timer)
{
    (void)timer;
}

/* ---- the server around them ---- */

enum { OUTPUT_MAX_BYTES = 1 << 20 };

void fake_server_init(struct fake_server *f, uint64_t defects)
{
    struct refserver *srv = &f->srv;

    *f = (struct fake_server){0};
    log_init(&f->log, LOG_TEXT, LOG_ERROR);
    srv->log = &f->log;
    srv->config.revision = smcp_revision(SMCP_REV_0_1);
    srv->config.limits = limits_default();
    session_table_init(&srv->sessions);
    defects_init(&srv->defects, &(struct defect_set){.bits = {defects}}, srv);
    office_map_init(&srv->offices, srv->config.revision, &srv->config.limits, &srv->defects);
    call_table_init(&srv->calls, srv->config.limits.calls);
    buf_init(&srv->reply, OUTPUT_MAX_BYTES);
    for (size_t i = 0; i < ARRAY_LEN(srv->decoded); i++)
        buf_init(&srv->decoded[i], OUTPUT_MAX_BYTES);
    buf_init(&fake_output, OUTPUT_MAX_BYTES);
}

void fake_server_release(struct fake_server *f)
{
    struct refserver *srv = &f->srv;
    uint32_t index = 0;
    struct session *s;

    while ((s = session_each(&srv->sessions, &index)) != NULL)
        fake_disconnect(f, s);
    session_table_release(&srv->sessions);
    office_map_release(&srv->offices);
    call_table_release(&srv->calls);
    defects_release(&srv->defects);
    buf_release(&srv->reply);
    for (size_t i = 0; i < ARRAY_LEN(srv->decoded); i++)
        buf_release(&srv->decoded[i]);
    log_release(&f->log);
    buf_release(&fake_output);
}

struct session *fake_connect(struct fake_server *f, struct sio_socket *socket, const char *sid)
{
    *socket = (struct sio_socket){0};
    snprintf(socket->sid, sizeof(socket->sid), "%s", sid);
    return session_new(&f->srv.sessions, socket, 0);
}

void fake_disconnect(struct fake_server *f, struct session *s)
{
    s->socket = NULL;
    router_abandon(&f->srv, s);
    office_leave(&f->srv.offices, s);
    session_free(&f->srv.sessions, s);
}

/* Arguments between the brackets, counted as the decoder does it. */
static unsigned count_args(const char *args)
{
    char *array = NULL;
    struct json_cursor cursor;
    struct slice key, value;
    unsigned n = 0;

    ck_assert_int_ge(asprintf(&array, "[%s]", args), 0);
    ck_assert_int_eq(json_scan(slice_str(array), 64, NULL), WIRE_OK);
    ck_assert(json_cursor_array(&cursor, slice_str(array)));
    while (json_next(&cursor, &key, &value))
        n++;
    free(array);
    return n;
}

void fake_event(struct fake_server *f, struct session *s, const char *name, const char *args,
                uint64_t id)
{
    char quoted[80];
    struct sio_event ev = {.args = slice_str(args), .n_args = count_args(args), .id = id};

    snprintf(quoted, sizeof(quoted), "\"%s\"", name);
    ev.name_raw = slice_str(quoted);
    router_dispatch(&f->srv, s, &ev);
}

void fake_ack(struct fake_server *f, struct session *s, uint64_t id, const char *args)
{
    struct sio_event ev = {.args = slice_str(args), .n_args = count_args(args), .id = id};

    router_ack(&f->srv, s, &ev);
}

void fake_expect(const char *wanted)
{
    struct slice got = buf_slice(&fake_output);

    ck_assert_msg(slice_is(got, wanted), "expected\n%s\ngot\n%.*s", wanted, (int)got.len,
                  got.len ? got.ptr : "");
    buf_clear(&fake_output);
}
