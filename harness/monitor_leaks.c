/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "harness/monitor.h"
#include "wire/xmalloc.h"

/*
 * What nobody may be told, in whatever text of the target: the credentials of the run and the canary that every handshake carries (ERR-05),
 * and, outside of the list of one's own office, the sid of somebody else (SEC-05).
 */

enum { MIN_SECRET = 8, MIN_SID = 8 };

/* Never shown as it is: reports are read by others than the owner of the key. */
struct secret {
    const char *text;
    const char *what;
};

static struct slice text_of(const struct inbox_item *item)
{
    return slice_of(item->payload, item->payload_len);
}

static bool contains(struct slice text, const char *word)
{
    size_t len = strlen(word);

    for (size_t i = 0; i + len <= text.len; i++)
        if (text.ptr[i] == word[0] && memcmp(text.ptr + i, word, len) == 0)
            return true;
    return false;
}

/* ---- secrets ---- */

static const char *said_in(struct slice text, const struct secret *secrets, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (secrets[i].text && strlen(secrets[i].text) >= MIN_SECRET &&
            contains(text, secrets[i].text))
            return secrets[i].what;
    return NULL;
}

/* A scenario that sends it itself gets it back rightly. */
static bool was_sent(const struct monitor_view *view, const char *word)
{
    for (size_t i = 0; i < view->n_peers; i++)
        for (int s = 0; s < view->peers[i].n_sent; s++)
            if (contains(slice_of(view->peers[i].sent[s].args, view->peers[i].sent[s].args_len),
                         word))
                return true;
    return false;
}

static void check_secret_texts(struct monitor *m, const struct peer *p,
                               const struct secret *secrets, size_t n)
{
    for (int i = 0; i < p->n_inbox; i++) {
        const char *what = said_in(text_of(&p->inbox[i]), secrets, n);

        if (what)
            monitor_trouble(m, MONITOR_SECRETS, p->inbox[i].journal_at,
                            xasprintf("%s was told %s", p->spec->name, what));
    }
    for (unsigned i = 0; i < p->n_conns; i++) {
        const char *text = p->conns[i]->close_text;
        const char *what = text ? said_in(slice_str(text), secrets, n) : NULL;

        if (what)
            monitor_trouble(
                m, MONITOR_SECRETS, -1,
                xasprintf("%s was told %s as its connection ended", p->spec->name, what));
    }
}

static void add(struct secret *secrets, size_t *n, size_t max, const struct monitor_view *view,
                struct secret s)
{
    if (s.text && *n < max && !was_sent(view, s.text))
        secrets[(*n)++] = s;
}

static void check_secrets(struct monitor *m, const struct monitor_view *view)
{
    struct secret secrets[32];
    const struct target *t = view->target;
    size_t n = 0, max = ARRAY_LEN(secrets);

    add(secrets, &n, max, view,
        (struct secret){view->canary, "the canary of a handshake's headers"});
    add(secrets, &n, max, view, (struct secret){"not-the-key", "a key that a client has shown"});
    if (t && t->key.given)
        add(secrets, &n, max, view, (struct secret){t->key.value, "the key of the run"});
    for (size_t i = 0; t && i < t->auth.n; i++)
        add(secrets, &n, max, view,
            (struct secret){t->auth.items[i].value, "a member of the run's auth object"});
    for (size_t i = 0; t && i < t->headers.n; i++)
        add(secrets, &n, max, view,
            (struct secret){t->headers.items[i].value, "a header of the run"});
    for (size_t i = 0; i < view->n_peers; i++)
        check_secret_texts(m, &view->peers[i], secrets, n);
}

/* ---- sids ---- */

static bool lists_office(const struct inbox_item *item)
{
    struct slice first = args_first(slice_of(item->args, item->args_len)), sessions;

    return (item->type == SIO_ACK || item->type == SIO_BINARY_ACK) && first.len > 0 &&
           json_type_of(first) == JSON_OBJECT && json_member(first, "sessions", &sessions, NULL);
}

static void check_sid(struct monitor *m, const struct peer *p, const struct peer *other,
                      const char *sid)
{
    for (int i = 0; i < p->n_inbox; i++) {
        const struct inbox_item *item = &p->inbox[i];

        if (lists_office(item) || !contains(text_of(item), sid))
            continue;
        monitor_trouble(m, MONITOR_SIDS, item->journal_at,
                        item->event ? xasprintf("%s was told the sid of %s in %s", p->spec->name,
                                                other->spec->name, item->event)
                                    : xasprintf("%s was told the sid of %s in an answer",
                                                p->spec->name, other->spec->name));
    }
}

static void check_sids(struct monitor *m, const struct monitor_view *view)
{
    for (size_t i = 0; i < view->n_peers; i++) {
        const struct peer *other = &view->peers[i];

        for (unsigned c = 0; c < other->n_conns; c++) {
            const char *sid = other->conns[c]->sid;

            if (!sid || strlen(sid) < MIN_SID || was_sent(view, sid))
                continue;
            for (size_t k = 0; k < view->n_peers; k++)
                if (k != i)
                    check_sid(m, &view->peers[k], other, sid);
        }
    }
}

void monitor_leaks(struct monitor *m, const struct monitor_view *view)
{
    check_secrets(m, view);
    check_sids(m, view);
}
