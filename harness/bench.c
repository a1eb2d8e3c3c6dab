/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/bench.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "endpoint/client.h"
#include "net/loop.h"
#include "wire/limits.h"
#include "wire/xmalloc.h"

/* Ack ids of a client's own requests: the join, then the calls. */
enum { JOIN_ACK_ID = 0, FIRST_CALL_ID = 1 };
/* Connections that may be in their handshake at once: below the usual listen backlog. */
enum { MAX_CONNECTING = 64 };

struct bench;

struct bench_client {
    struct bench *bench;
    struct eio_client *io; /* owned */
    unsigned pair;
    bool agent;
    bool ready;        /* joined */
    uint64_t *sent_us; /* owned; ring of send times, one per call in flight */
};

struct bench {
    const struct bench_plan *plan;
    struct net_loop *loop;
    struct net_timer *deadline;
    struct bench_client *clients; /* owned */
    unsigned n_clients, started, ready;
    bool calling;
    unsigned sent, answered;
    double *latencies_us; /* owned; one per answered call */
    uint64_t begin_us, end_us;
    char *text;  /* payload, owned */
    char *error; /* owned */
};

static void fail(struct bench *b, const char *text)
{
    if (!b->error)
        b->error = xstrdup(text);
    net_loop_stop(b->loop);
}

static void send_text(struct bench_client *c, const struct buf *text)
{
    struct slice part = buf_slice(text);

    eio_client_send(c->io, &part, 1, NULL, 0);
}

static void send_call(struct bench_client *c)
{
    struct bench *b = c->bench;
    unsigned slot = b->sent % b->plan->in_flight;
    struct buf out;

    /* The ack id names the slot of the send time; the caller has seen to it that one is free. */
    while (c->sent_us[slot])
        slot = (slot + 1) % b->plan->in_flight;
    buf_init(&out, SIZE_MAX);
    buf_appendf(&out, "2/smcp,%u[\"client:tool_call\",", FIRST_CALL_ID + slot);
    buf_appendf(&out,
                "{\"agent\":\"a%u\",\"req_id\":\"r%u\",\"computer\":\"c%u\",\"tool_name\":\"echo\","
                "\"params\":{\"text\":\"%s\"},\"timeout\":30}]",
                c->pair, b->sent, c->pair, b->text);
    c->sent_us[slot] = net_loop_clock_us();
    b->sent++;
    send_text(c, &out);
    buf_release(&out);
}

static void answer_call(struct bench_client *c, uint64_t id)
{
    struct buf out;

    buf_init(&out, SIZE_MAX);
    buf_appendf(&out, "3/smcp,%" PRIu64, id);
    buf_appendf(&out, "[{\"isError\":false,\"content\":[{\"type\":\"text\",\"text\":\"%s\"}]}]",
                c->bench->text);
    send_text(c, &out);
    buf_release(&out);
}

static void call_answered(struct bench_client *c, uint64_t id)
{
    struct bench *b = c->bench;
    uint64_t slot = id - FIRST_CALL_ID;
    uint64_t now = net_loop_clock_us();

    if (slot >= b->plan->in_flight || !c->sent_us[slot]) {
        fail(b, "the server acknowledged a call that was not under way");
        return;
    }
    b->latencies_us[b->answered++] = (double)(now - c->sent_us[slot]);
    c->sent_us[slot] = 0;
    if (b->sent < b->plan->calls)
        send_call(c);
    if (b->answered == b->plan->calls) {
        b->end_us = now;
        net_loop_stop(b->loop);
    }
}

static void start_next_client(struct bench *b);

static void client_joined(struct bench_client *c)
{
    struct bench *b = c->bench;

    c->ready = true;
    if (++b->ready == b->n_clients)
        net_loop_stop(b->loop);
    else
        start_next_client(b);
}

static void send_join(struct bench_client *c)
{
    struct buf out;

    buf_init(&out, SIZE_MAX);
    buf_appendf(&out, "2/smcp,%d[\"server:join_office\",", JOIN_ACK_ID);
    buf_appendf(&out, "{\"role\":\"%s\",\"name\":\"%c%u\",\"office_id\":\"bench-%ld-%u\"}]",
                c->agent ? "agent" : "computer", c->agent ? 'a' : 'c', c->pair, (long)getpid(),
                c->pair);
    send_text(c, &out);
    buf_release(&out);
}

static void on_open(void *user, const struct eio_open *open)
{
    struct bench_client *c = user;
    struct slice connect = slice_str("0/smcp,");

    (void)open;
    eio_client_send(c->io, &connect, 1, NULL, 0);
}

static void on_packet(void *user, const struct sio_packet *p, const struct slice *attachments,
                      unsigned n_attachments)
{
    struct bench_client *c = user;

    (void)attachments;
    (void)n_attachments;
    if (p->type == SIO_CONNECT)
        send_join(c);
    else if (p->type == SIO_CONNECT_ERROR)
        fail(c->bench, "the server refused the namespace /smcp");
    else if (p->type == SIO_ACK && p->id == JOIN_ACK_ID && !c->ready)
        client_joined(c);
    else if (p->type == SIO_ACK)
        call_answered(c, p->id);
    else if (p->type == SIO_EVENT && p->id != SIO_NO_ID)
        answer_call(c, p->id);
}

static void on_closed(void *user, bool by_peer, int http_status, struct slice body,
                      const char *text)
{
    struct bench_client *c = user;

    (void)by_peer;
    (void)http_status;
    (void)body;
    fail(c->bench, text ? text : "a connection was lost");
}

static const struct client_ops client_ops = {
    .open = on_open,
    .packet = on_packet,
    .closed = on_closed,
};

static void start_next_client(struct bench *b)
{
    struct bench_client *c;
    struct client_config config = {
        .to = b->plan->to,
        .path = b->plan->path,
        .mode = CLIENT_WEBSOCKET,
        .timeout_ms = b->plan->timeout_ms,
        .max_message_bytes = WIRE_MAX_PAYLOAD_BYTES,
        .sio = {WIRE_MAX_JSON_DEPTH, WIRE_MAX_ATTACHMENTS},
    };

    if (b->started == b->n_clients)
        return;
    c = &b->clients[b->started++];
    c->io = eio_client_new(b->loop, &config, &client_ops, c);
}

static void on_deadline(void *user)
{
    fail(user, "time ran out");
}

/* CPU time of a process in microseconds, or -1. */
static double process_cpu_us(int pid)
{
    char path[64];
    unsigned long user, system;
    FILE *f;
    int n;

    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    f = pid ? fopen(path, "r") : NULL;
    if (!f)
        return -1;
    /* Fields 14 and 15; the name in field 2 may hold blanks, so skip to its closing bracket. */
    n = fscanf(f, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
               &system);
    fclose(f);
    return n == 2 ? (double)(user + system) * 1e6 / (double)sysconf(_SC_CLK_TCK) : -1;
}

/* Resident memory of a process in KiB, or -1. */
static double process_rss_kb(int pid)
{
    char path[64], line[256];
    double kb = -1;
    FILE *f;

    snprintf(path, sizeof path, "/proc/%d/status", pid);
    f = pid ? fopen(path, "r") : NULL;
    if (!f)
        return -1;
    while (kb < 0 && fgets(line, sizeof line, f))
        if (sscanf(line, "VmRSS: %lf", &kb) != 1)
            kb = -1;
    fclose(f);
    return kb;
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Connect and join `n` clients: Agents and Computers in turn.  False with b->error. */
static bool connect_clients(struct bench *b, unsigned n, bool all_computers)
{
    b->n_clients = n;
    b->clients = xcalloc(n, sizeof *b->clients);
    for (unsigned i = 0; i < n; i++) {
        b->clients[i].bench = b;
        b->clients[i].pair = all_computers ? i : i / 2;
        b->clients[i].agent = !all_computers && i % 2 == 0;
        b->clients[i].sent_us = xcalloc(b->plan->in_flight, sizeof(uint64_t));
    }
    for (unsigned i = 0; i < MAX_CONNECTING; i++)
        start_next_client(b);
    net_loop_run(b->loop);
    return !b->error;
}

static void drop_clients(struct bench *b)
{
    for (unsigned i = 0; i < b->n_clients; i++) {
        eio_client_free(b->clients[i].io);
        free(b->clients[i].sent_us);
    }
    free(b->clients);
    b->clients = NULL;
    b->n_clients = b->started = b->ready = 0;
}

static bool measure_calls(struct bench *b, struct bench_figures *ret)
{
    double cpu = process_cpu_us(b->plan->server_pid);

    b->begin_us = net_loop_clock_us();
    for (unsigned i = 0; i < b->n_clients; i++)
        for (unsigned k = 0; b->clients[i].agent && k < b->plan->in_flight; k++)
            if (b->sent < b->plan->calls)
                send_call(&b->clients[i]);
    net_loop_run(b->loop);
    if (b->error)
        return false;
    qsort(b->latencies_us, b->answered, sizeof(double), compare_doubles);
    ret->calls = b->answered;
    ret->seconds = (double)(b->end_us - b->begin_us) / 1e6;
    ret->p50_us = b->latencies_us[b->answered / 2];
    ret->p99_us = b->latencies_us[(size_t)b->answered * 99 / 100];
    ret->server_us_per_call =
        cpu < 0 ? -1 : (process_cpu_us(b->plan->server_pid) - cpu) / (double)b->answered;
    return true;
}

static bool measure_idle(struct bench *b, struct bench_figures *ret)
{
    double before = process_rss_kb(b->plan->server_pid);

    if (!connect_clients(b, b->plan->idle, true))
        return false;
    ret->idle_clients = b->plan->idle;
    if (before >= 0)
        ret->idle_kb_per_client =
            (process_rss_kb(b->plan->server_pid) - before) / (double)b->plan->idle;
    return true;
}

static bool measure(struct bench *b, struct bench_figures *ret)
{
    /* Memory first: a process that has worked keeps pages which idle clients would then reuse. */
    if (b->plan->idle && !measure_idle(b, ret))
        return false;
    drop_clients(b);
    return connect_clients(b, b->plan->pairs * 2, false) && measure_calls(b, ret);
}

bool bench_run(const struct bench_plan *plan, struct bench_figures *ret, char **reterr)
{
    struct bench b = {.plan = plan};
    const char *loop_error;
    bool ok;

    *ret = (struct bench_figures){.server_us_per_call = -1, .idle_kb_per_client = -1};
    b.loop = net_loop_new(&loop_error);
    if (!b.loop) {
        *reterr = xstrdup(loop_error);
        return false;
    }
    b.text = xcalloc(plan->payload_bytes + 1, 1);
    memset(b.text, 'x', plan->payload_bytes);
    b.latencies_us = xcalloc(plan->calls, sizeof(double));
    b.deadline = net_timer_new(b.loop, on_deadline, &b);
    net_timer_start(b.deadline, net_loop_now_ms(b.loop) + plan->timeout_ms);
    ok = measure(&b, ret);
    *reterr = b.error;
    drop_clients(&b);
    net_timer_free(b.deadline);
    net_loop_free(b.loop);
    free(b.latencies_us);
    free(b.text);
    return ok;
}
