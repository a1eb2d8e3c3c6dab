/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/survey.h"

static const char *const auth_words[] = {
    [SURVEY_AUTH_UNSEEN] = "not found out",
    [SURVEY_AUTH_OPEN] = "none needed",
    [SURVEY_AUTH_ACCEPTED] = "needed; those given are accepted",
    [SURVEY_AUTH_REFUSED] = "needed; those given are refused",
    [SURVEY_AUTH_WANTED] = "needed (give them with --key to try them)",
};

static const char *const auth_ids[] = {
    [SURVEY_AUTH_UNSEEN] = "unseen",     [SURVEY_AUTH_OPEN] = "none",
    [SURVEY_AUTH_ACCEPTED] = "accepted", [SURVEY_AUTH_REFUSED] = "refused",
    [SURVEY_AUTH_WANTED] = "wanted",
};

static const char *const gate_ids[] = {
    [SURVEY_NO_GATE] = "none",
    [SURVEY_GATE] = "a2c_version",
    [SURVEY_GATE_UNSEEN] = "unseen",
};

static const char *const websocket_ids[] = {
    [SURVEY_WEBSOCKET_UNSEEN] = "unseen",
    [SURVEY_WEBSOCKET_DENIED] = "denied",
    [SURVEY_WEBSOCKET_CLOSED] = "closed",
    [SURVEY_WEBSOCKET_UNGATED] = "not gated",
};

static void print_transports(const struct survey *s, FILE *to)
{
    fprintf(to, "  transports   %s%s%s\n", s->polling ? "polling" : "no polling",
            s->websocket ? ", websocket" : ", no direct websocket",
            s->upgrade ? ", upgrade offered" : "");
    if (s->opened)
        fprintf(to, "  engine       EIO 4, ping every %u ms, pong within %u ms, payload %u bytes\n",
                (unsigned)s->open.ping_interval_ms, (unsigned)s->open.ping_timeout_ms,
                (unsigned)s->open.max_payload);
}

static void print_gate(const struct survey *s, FILE *to)
{
    if (s->gate == SURVEY_NO_GATE) {
        fputs("  versions     no version handshake\n", to);
        return;
    }
    fprintf(to, "  versions     a2c_version is asked for; ");
    if (s->server_version)
        fprintf(to, "the server is %s and admits %s to %s\n", s->server_version,
                s->min_supported ? s->min_supported : "?",
                s->max_supported ? s->max_supported : "?");
    else
        fprintf(to, "it does not tell which; %s was admitted\n",
                s->admitted ? s->admitted : "none that we know");
    switch (s->websocket_gate) {
    case SURVEY_WEBSOCKET_DENIED:
        fprintf(to, "               a WebSocket with another one gets HTTP %d\n",
                s->websocket_code);
        break;
    case SURVEY_WEBSOCKET_CLOSED:
        fprintf(to, "               a WebSocket with another one is closed with code %d\n",
                s->websocket_code);
        break;
    case SURVEY_WEBSOCKET_UNGATED:
        fputs("               a WebSocket with another one is let in: the gate can be walked "
              "around (HS-14)\n",
              to);
        break;
    case SURVEY_WEBSOCKET_UNSEEN:
        break;
    }
}

void survey_print(const struct survey *s, const char *url, FILE *to)
{
    if (s->trouble) {
        fprintf(to, "%s: %s\n", url, s->trouble);
        return;
    }
    fprintf(to, "%s answers\n  path         %s\n", url, *s->path ? s->path : "/");
    print_transports(s, to);
    print_gate(s, to);
    if (s->revision && s->gate == SURVEY_NO_GATE)
        fprintf(to, "  revision     %s, or older: before 0.2 nothing tells\n", s->revision->name);
    else
        fprintf(to, "  revision     %s\n", s->revision ? s->revision->name : "none that we know");
    fprintf(to, "  credentials  %s", auth_words[s->auth]);
    if (s->auth_answer)
        fprintf(to, "; without: %.200s", *s->auth_answer ? s->auth_answer : "no text");
    fprintf(to, "\n  took         %u ms\n", s->took_ms);
}

static void put_text(struct buf *out, const char *name, const char *text)
{
    buf_appendf(out, ",\"%s\":", name);
    if (text)
        buf_append_json_string(out, slice_str(text));
    else
        buf_append_str(out, "null");
}

static void put_flag(struct buf *out, const char *name, bool value)
{
    buf_appendf(out, ",\"%s\":%s", name, value ? "true" : "false");
}

static void put_engine(struct buf *out, const struct survey *s)
{
    put_flag(out, "polling", s->polling);
    put_flag(out, "websocket", s->websocket);
    put_flag(out, "upgrade", s->upgrade);
    if (s->opened)
        buf_appendf(out, ",\"ping_interval_ms\":%u,\"ping_timeout_ms\":%u,\"max_payload\":%u",
                    (unsigned)s->open.ping_interval_ms, (unsigned)s->open.ping_timeout_ms,
                    (unsigned)s->open.max_payload);
}

void survey_print_json(const struct survey *s, const char *url, FILE *to)
{
    struct buf out;

    buf_init(&out, 1 << 20);
    buf_append_str(&out, "{\"url\":");
    buf_append_json_string(&out, slice_str(url));
    put_flag(&out, "reachable", !s->trouble);
    put_text(&out, "trouble", s->trouble);
    if (!s->trouble) {
        put_text(&out, "path", *s->path ? s->path : "/");
        put_engine(&out, s);
        put_text(&out, "gate", gate_ids[s->gate]);
        put_text(&out, "server_version", s->server_version);
        put_text(&out, "min_supported", s->min_supported);
        put_text(&out, "max_supported", s->max_supported);
        put_text(&out, "admitted", s->admitted);
        put_text(&out, "websocket_gate", websocket_ids[s->websocket_gate]);
        buf_appendf(&out, ",\"websocket_code\":%d", s->websocket_code);
        put_text(&out, "revision", s->revision ? s->revision->name : NULL);
        put_text(&out, "credentials", auth_ids[s->auth]);
        put_text(&out, "refusal", s->auth_answer);
    }
    buf_appendf(&out, ",\"took_ms\":%u}\n", s->took_ms);
    fwrite(out.data, 1, out.len, to);
    buf_release(&out);
}
