/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/report/evidence.h"

#include <stdlib.h>
#include <string.h>

#include "endpoint/client.h"
#include "harness/report/generic.h"
#include "wire/utf8.h"
#include "wire/xmalloc.h"

bool check_is_trouble(const struct check_result *c)
{
    return c->verdict >= VERDICT_WARN;
}

bool check_is_expected_failure(const struct check_result *c)
{
    return c->verdict == VERDICT_FAIL && c->expected_failure;
}

bool check_is_unexpected(const struct run_result *r, const struct check_result *c)
{
    return check_is_scored(r, c) && check_would_fail(r, c);
}

bool check_is_new_failure(const struct run_result *r, const struct check_result *c)
{
    return !check_is_scored(r, c) && check_would_fail(r, c);
}

bool frame_is_heartbeat(const struct journal_entry *e)
{
    return (e->kind == TAP_WS_TEXT) && (strcmp(e->text, "2") == 0 || strcmp(e->text, "3") == 0);
}

bool frame_is_blank(const struct journal_entry *e)
{
    return e->kind == TAP_LINK && e->actor < 0 && e->text[0] == '\0';
}

const char *frame_direction(const struct journal_entry *e)
{
    if (e->kind == TAP_LINK)
        return "none";
    return e->outgoing ? "out" : "in";
}

const char *frame_kind(const struct journal_entry *e)
{
    switch ((enum tap_kind)e->kind) {
    case TAP_WS_TEXT:
        return "text";
    case TAP_WS_BINARY:
        return "binary";
    case TAP_HTTP_REQUEST:
        return "request";
    case TAP_HTTP_RESPONSE:
        return "response";
    case TAP_LINK:
        return "link";
    }
    return "link";
}

/* "r4f2a-1" is no part of "r4f2a-12". */
static bool has_tag(const char *text, const char *tag)
{
    size_t len = strlen(tag);

    for (const char *at = strstr(text, tag); at; at = strstr(at + 1, tag))
        if (at[len] < '0' || at[len] > '9')
            return true;
    return false;
}

/* An event of another scenario that has leaked in here. */
static bool is_foreign(const struct journal_entry *e, const char *tag)
{
    return tag && !e->outgoing && e->kind == TAP_WS_TEXT && strncmp(e->text, "42", 2) == 0 &&
           !has_tag(e->text, tag);
}

/* Walks back from the finding; `taken` has a mark per entry.  With a tag only what has to do with this scenario. */
static size_t mark_frames(const struct scenario_result *s, const char *tag, size_t end, size_t max,
                          char *taken)
{
    size_t n_actors = s->scenario->n_actors, n = 0;
    bool *seen = xcalloc(n_actors + 1, sizeof(*seen));

    for (size_t i = end; i-- > 0;) {
        const struct journal_entry *e = &s->journal[i];
        size_t actor = e->actor >= 0 && (size_t)e->actor < n_actors ? (size_t)e->actor : n_actors;

        if (frame_is_heartbeat(e) || frame_is_blank(e) || is_foreign(e, tag) ||
            (n >= max && seen[actor]))
            continue;
        seen[actor] = true;
        taken[i] = 1;
        n++;
    }
    free(seen);
    return n;
}

size_t *evidence_frames(const struct scenario_result *s, const struct check_result *c, size_t max,
                        size_t *ret_n)
{
    size_t end = c->journal_at >= 0 && (size_t)c->journal_at < s->n_journal
                     ? (size_t)c->journal_at + 1
                     : s->n_journal;
    char *taken = xcalloc(end + 1, 1);
    const char *tag = c->journal_at < 0 ? scenario_tag(s) : NULL;
    size_t n = mark_frames(s, tag, end, max, taken), at = 0;
    size_t *frames = xcalloc(n + 1, sizeof(*frames));

    for (size_t i = 0; i < end; i++)
        if (taken[i])
            frames[at++] = i;
    free(taken);
    *ret_n = n;
    return frames;
}

char *evidence_rerun(const struct run_result *r, const struct scenario_result *s,
                     const struct check_result *c)
{
    /* A case of a table, room.loss[rst], would be a glob of the shell. */
    const char *quote = strchr(s->scenario->id, '[') ? "'" : "";

    return xasprintf("%s --only %s%s%s --transport %s --seed %llu%s",
                     r->rerun ? r->rerun : "smcp-harness run", quote, s->scenario->id, quote,
                     s->transport, (unsigned long long)r->seed,
                     c && check_is_new_failure(r, c) ? " --score all" : "");
}

struct slice scenario_chapter(const struct scenario *sc)
{
    return slice_of(sc->id, strcspn(sc->id, "."));
}

const char *scenario_file(const struct scenario *sc)
{
    return sc->path ? sc->path : "";
}

/* U+2400 and following show the control characters below 0x20, U+2421 the last one of ASCII. */
static void append_picture(struct buf *out, unsigned char c)
{
    char picture[3] = {(char)0xe2, (char)0x90, (char)(0x80 + (c == 0x7f ? 0x21 : c))};

    buf_append(out, picture, sizeof(picture));
}

static bool is_control(unsigned char c)
{
    return (c < 0x20 && c != '\n' && c != '\t') || c == 0x7f;
}

/* C1 controls and the non-characters U+FFFE, U+FFFF, which XML forbids. */
static bool is_invisible(const char *at, size_t len)
{
    const unsigned char *p = (const unsigned char *)at;

    return (len == 2 && p[0] == 0xc2 && p[1] < 0xa0) ||
           (len == 3 && p[0] == 0xef && p[1] == 0xbf && p[2] >= 0xbe);
}

enum { MAX_SECRETS = 16, MIN_SECRET = 4 };
static const char *secrets[MAX_SECRETS];
static size_t n_secrets;

void text_hide(const char *secret)
{
    if (n_secrets < MAX_SECRETS && strlen(secret) >= MIN_SECRET)
        secrets[n_secrets++] = secret;
}

/* Length of the secret that starts here; 0: none. */
static size_t secret_at(const char *at)
{
    for (size_t i = 0; i < n_secrets; i++)
        if (strncmp(at, secrets[i], strlen(secrets[i])) == 0)
            return strlen(secrets[i]);
    return 0;
}

static void append_text(struct buf *out, const char *text, size_t max_bytes, bool visible)
{
    const char *end = text + strlen(text), *at = text;

    while (at < end) {
        size_t len = (unsigned char)*at < 0x80 ? 1 : utf8_sequence(at, end);
        size_t hidden = n_secrets ? secret_at(at) : 0;

        if (hidden) {
            buf_append_str(out, "***");
            at += hidden;
            continue;
        }
        if ((size_t)(at - text) + (len ? len : 1) > max_bytes) {
            buf_append_str(out, "…");
            return;
        }
        if (visible && len == 1 && is_control((unsigned char)*at))
            append_picture(out, (unsigned char)*at);
        else if (len == 0 || (visible && is_invisible(at, len)))
            buf_append_str(out, "\xef\xbf\xbd");
        else
            buf_append(out, at, len);
        at += len ? len : 1;
    }
}

void text_append_clean(struct buf *out, const char *text, size_t max_bytes)
{
    append_text(out, text, max_bytes, false);
}

void text_append_visible(struct buf *out, const char *text, size_t max_bytes)
{
    append_text(out, text, max_bytes, true);
}

char *text_clean(const char *text, size_t max_bytes)
{
    struct buf out;

    if (!text)
        return NULL;
    buf_init(&out, SIZE_MAX);
    text_append_clean(&out, text, max_bytes);
    return buf_take_str(&out);
}

size_t run_transports(const struct run_result *r, const char *ret_names[3])
{
    static const char *const all[] = {"websocket", "polling", "upgrade"};
    size_t n = 0;

    for (size_t t = 0; t < ARRAY_LEN(all); t++) {
        bool found = false;

        for (size_t i = 0; i < r->n_scenarios && !found; i++)
            found = strcmp(r->scenarios[i].transport, all[t]) == 0;
        if (found)
            ret_names[n++] = all[t];
    }
    return n;
}
