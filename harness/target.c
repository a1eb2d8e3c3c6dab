/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/target.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "smcp/version.h"
#include "wire/json_text.h"
#include "wire/xmalloc.h"

enum { READY_MAX_BYTES = 65536, STDERR_KEPT_BYTES = 8192, READY_TIMEOUT_MS = 20000 };

void target_init(struct target *t)
{
    memset(t, 0, sizeof(*t));
    t->path = xstrdup("/socket.io");
    t->revision = SMCP_REV_0_1;
    t->ready_timeout_ms = READY_TIMEOUT_MS;
    t->pace_percent = 100;
    buf_init(&t->out, READY_MAX_BYTES);
    buf_init(&t->err, 4 * STDERR_KEPT_BYTES);
}

static void list_free(char **list)
{
    for (char **item = list; item && *item; item++)
        free(*item);
    free(list);
}

static void pairs_free(struct pairs *list)
{
    for (size_t i = 0; i < list->n; i++) {
        free(list->items[i].name);
        free(list->items[i].value);
    }
    free(list->items);
}

void target_release(struct target *t)
{
    net_process_free(t->process);
    free(t->name);
    free(t->url);
    free((char *)(uintptr_t)t->to.host);
    free(t->path);
    free(t->a2c_version);
    free(t->key.name);
    free(t->key.value);
    pairs_free(&t->auth);
    pairs_free(&t->headers);
    list_free(t->features);
    list_free(t->lacks);
    free(t->baseline);
    free(t->info);
    list_free(t->argv);
    list_free(t->env);
    free(t->cwd);
    buf_release(&t->out);
    buf_release(&t->err);
    memset(t, 0, sizeof(*t));
}

/* ---- command-line texts ---- */

static bool parse_port(const char *text, size_t len, uint16_t *ret)
{
    unsigned long port = 0;

    if (len == 0 || len > 5)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        port = port * 10 + (unsigned long)(text[i] - '0');
    }
    *ret = (uint16_t)port;
    return port > 0 && port < 65536;
}

bool target_set_url(struct target *t, const char *url, char **reterr)
{
    const char *rest = strstr(url, "://");
    bool tls = strncmp(url, "https://", 8) == 0;
    size_t authority, host_len;
    const char *host, *port;

    if (!rest || (!tls && strncmp(url, "http://", 7) != 0)) {
        *reterr = xasprintf("`%s` is no URL: expected http://HOST:PORT or https://HOST:PORT", url);
        return false;
    }
    host = rest + 3;
    authority = strcspn(host, "/?#");
    host_len = authority;
    t->to.port = tls ? 443 : 80;
    port = memrchr(host, ':', authority);
    if (port && !memchr(port, ']', authority - (size_t)(port - host))) {
        host_len = (size_t)(port - host);
        if (!parse_port(port + 1, authority - host_len - 1, &t->to.port)) {
            *reterr = xasprintf("`%s`: malformed port", url);
            return false;
        }
    }
    if (host_len > 2 && host[0] == '[') {
        host++;
        host_len -= 2;
    }
    if (host_len == 0) {
        *reterr = xasprintf("`%s` names no host", url);
        return false;
    }
    free((char *)(uintptr_t)t->to.host);
    t->to.host = xstrndup_slice(slice_of(host, host_len));
    t->to.tls = tls;
    rest = rest + 3 + authority;
    if (*rest == '/' && rest[1]) {
        free(t->path);
        t->path = xstrdup(rest);
        if (t->path[strlen(t->path) - 1] == '/')
            t->path[strlen(t->path) - 1] = '\0';
    }
    free(t->url);
    t->url = xstrndup_slice(slice_of(url, (size_t)(rest - url)));
    return true;
}

bool credential_parse(struct credential *c, const char *text)
{
    bool header = strncmp(text, "header:", 7) == 0;
    const char *name = strchr(text, ':');
    const char *equals;

    if (!name || (!header && strncmp(text, "auth:", 5) != 0))
        return false;
    name++;
    equals = strchr(name, '=');
    if (!equals || equals == name || !equals[1])
        return false;
    free(c->name);
    free(c->value);
    *c = (struct credential){true, header, xstrndup_slice(slice_of(name, (size_t)(equals - name))),
                             xstrdup(equals + 1)};
    return true;
}

bool pairs_add(struct pairs *list, const char *text, char separator)
{
    const char *at = strchr(text, separator);
    const char *value;

    if (!at || at == text)
        return false;
    value = at + 1;
    while (separator == ':' && *value == ' ')
        value++;
    list->items = xrealloc(list->items, (list->n + 1) * sizeof(*list->items));
    list->items[list->n++] =
        (struct pair){xstrndup_slice(slice_of(text, (size_t)(at - text))), xstrdup(value)};
    return true;
}

static bool list_has(char *const *list, const char *text)
{
    for (; list && *list; list++)
        if (strcmp(*list, text) == 0)
            return true;
    return false;
}

enum { SHORT_PING_MS = 10000 }; /* heartbeats that a scenario can wait for */

/* From MAJOR 1 on there are older MINORs, and they are welcome (HS-07). */
static bool has_major(const struct target *t)
{
    struct smcp_version v;

    return t->a2c_version && smcp_version_parse(slice_str(t->a2c_version), &v) &&
           !slice_is(v.major, "0") && !slice_is(v.minor, "0");
}

bool target_has(const struct target *t, const char *feature)
{
    if (list_has(t->lacks, feature))
        return false;
    if (strcmp(feature, "key") == 0)
        return t->key.given;
    if (strcmp(feature, "key:header") == 0)
        return t->key.given && t->key.in_header;
    if (strcmp(feature, "key:auth") == 0)
        return t->key.given && !t->key.in_header;
    if (strcmp(feature, "major") == 0)
        return has_major(t);
    if (strcmp(feature, "ping") == 0)
        return t->probed && t->ping_interval_ms + t->ping_timeout_ms <= SHORT_PING_MS;
    return list_has(t->features, feature);
}

/* Deadlines are written for targets that answer within a tenth of a second; they are never shortened: a fast one may be busy. */
enum { USUAL_RTT_US = 100000 };

void target_set_pace(struct target *t, uint64_t rtt_us)
{
    uint64_t percent = rtt_us * 100 / USUAL_RTT_US;

    t->rtt_us = rtt_us > UINT32_MAX ? UINT32_MAX : (uint32_t)rtt_us;
    if (percent < 100)
        percent = 100;
    t->pace_percent = percent > 100 * TARGET_MAX_PACE ? 100 * TARGET_MAX_PACE : (unsigned)percent;
}

uint32_t target_patience(const struct target *t, uint32_t ms)
{
    uint64_t scaled = (uint64_t)ms * t->pace_percent / 100;

    return scaled > UINT32_MAX ? UINT32_MAX : (uint32_t)scaled;
}

char *target_last_words(const struct target *t)
{
    struct slice text = buf_slice(&t->err);
    unsigned lines = 0;
    size_t from = text.len;

    while (from > 0 && lines < 12)
        lines += text.ptr[--from] == '\n' && from + 1 < text.len;
    return xstrndup_slice(slice_of(text.ptr + from, text.len - from));
}

/* ---- processes ---- */

static void list_push(char ***list, char *item)
{
    size_t n = 0;

    while (*list && (*list)[n])
        n++;
    *list = xrealloc(*list, (n + 2) * sizeof(char *));
    (*list)[n] = item;
    (*list)[n + 1] = NULL;
}

void target_use_refserver(struct target *t, const char *program, const char *const *options)
{
    static const char *const usual[] = {"--listen", "127.0.0.1:0", "--exit-with-parent",
                                        "--control", "off"};

    list_push(&t->argv, xstrdup(program));
    for (size_t i = 0; i < ARRAY_LEN(usual); i++)
        list_push(&t->argv, xstrdup(usual[i]));
    for (; options && *options; options++)
        list_push(&t->argv, xstrdup(*options));
}

bool target_set_version(struct target *t, const char *text)
{
    struct smcp_version version;

    if (strcmp(text, "none") != 0 && !smcp_version_parse(slice_str(text), &version))
        return false;
    free(t->a2c_version);
    t->a2c_version = strcmp(text, "none") == 0 ? NULL : xstrdup(text);
    t->version_given = true;
    return true;
}

void target_default_version(struct target *t, enum smcp_revision_id revision)
{
    const struct smcp_revision *row = smcp_revision(revision);

    if (t->version_given)
        return;
    free(t->a2c_version);
    t->a2c_version = row->version_gate ? xstrdup(row->spec) : NULL;
}

static char *text_member(struct slice object, const char *name)
{
    struct slice raw;
    struct buf text;

    if (!json_member(object, name, &raw, NULL) || json_type_of(raw) != JSON_STRING)
        return NULL;
    buf_init(&text, READY_MAX_BYTES);
    json_string_decode(raw, &text);
    return buf_take_str(&text);
}

/* One line of standard output: the ready line, or chatter. */
static void read_line(struct target *t, struct slice line)
{
    char *event, *url, *path, *error = NULL;

    if (json_scan(line, 16, NULL) != WIRE_OK || json_type_of(line) != JSON_OBJECT)
        return;
    event = text_member(line, "event");
    url = text_member(line, "url");
    path = text_member(line, "path");
    if (event && strcmp(event, "ready") == 0 && url && target_set_url(t, url, &error)) {
        if (path) {
            free(t->path);
            t->path = path;
            path = NULL;
        }
        t->ready = true;
    }
    free(error);
    free(event);
    free(url);
    free(path);
}

static void on_output(void *user, bool is_stderr, const char *bytes, uint64_t len)
{
    struct target *t = user;
    char *newline;

    if (is_stderr) {
        buf_append(&t->err, bytes, len);
        if (t->err.len > 2 * STDERR_KEPT_BYTES)
            buf_consume(&t->err, t->err.len - STDERR_KEPT_BYTES);
        return;
    }
    if (t->ready)
        return;
    buf_append(&t->out, bytes, len);
    while (!t->ready && t->out.len > 0 && (newline = memchr(t->out.data, '\n', t->out.len))) {
        size_t line = (size_t)(newline - t->out.data);

        read_line(t, slice_of(t->out.data, line));
        buf_consume(&t->out, line + 1);
    }
    if (t->ready)
        t->changed(t->user, t);
}

static void on_exited(void *user, int64_t exit_status, int term_signal)
{
    struct target *t = user;

    t->exited = true;
    t->exit_status = exit_status;
    t->term_signal = term_signal;
    t->changed(t->user, t);
}

bool target_start(struct target *t, struct net_loop *loop, char **reterr)
{
    struct net_process_config config = {.argv = (const char *const *)t->argv,
                                        .env = (const char *const *)t->env,
                                        .cwd = t->cwd,
                                        .output = on_output,
                                        .exited = on_exited,
                                        .user = t};

    if (!t->argv) {
        t->ready = t->url != NULL;
        return true;
    }
    t->process = net_process_start(loop, &config, reterr);
    return t->process != NULL;
}

void target_reset(struct target *t)
{
    net_process_free(t->process);
    t->process = NULL;
    t->ready = t->exited = t->was_killed = t->probed = false;
    buf_clear(&t->out);
    buf_clear(&t->err);
}

void target_stop(struct target *t)
{
    if (!t->process || t->exited)
        return;
    t->was_killed = true;
    net_process_kill_group(t->process, SIGTERM);
}
