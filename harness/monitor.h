/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_MONITOR_H
#define HARNESS_MONITOR_H

#include "harness/peer.h"
#include "harness/result.h"
#include "smcp/schema.h"

/*
 * What every scenario is watched for, whatever it is about: acks that nobody asked for, packets that cross offices, messages that break
 * the protocol's form.  Each is one check of the scenario.
 */
enum monitor_kind {
    MONITOR_ACKS,
    MONITOR_ISOLATION,
    MONITOR_WIRE,
    MONITOR_SECRETS,
    MONITOR_SIDS, /* judged in revisions that forbid it (SEC-05), observed in all others */
    MONITOR_COUNT
};

struct monitor_row {
    const char *check;
    const char *const *requirements; /* NULL-terminated */
};
extern const struct monitor_row monitor_rows[MONITOR_COUNT];

/* Is what it finds recorded only, as this revision forbids nothing there? */
bool monitor_observes(enum monitor_kind kind, enum smcp_revision_id revision);
const char *const *monitor_requirements(enum monitor_kind kind, enum smcp_revision_id revision);

struct monitor {
    char *reason[MONITOR_COUNT]; /* owned; first trouble, NULL while clean */
    int journal_at[MONITOR_COUNT];
};

void monitor_init(struct monitor *m);
void monitor_release(struct monitor *m);

/* Something that is no packet has come. */
void monitor_malformed(struct monitor *m, const struct peer *p, const char *text, int journal_at);

/* An event of this scenario has reached an actor of another one.  Takes `text`. */
void monitor_foreign(struct monitor *m, char *text);
/* What to say then.  Caller frees. */
char *monitor_foreign_text(const struct inbox_item *item, const char *receiver, const char *where);

struct monitor_view {
    enum smcp_revision_id revision;
    const struct schema_set *schemas;
    const struct vars *vars;
    const struct target *target; /* whose secrets these are; may be NULL */
    const char *canary;          /* in the headers of our handshakes; may be NULL */
    const struct peer *peers;
    size_t n_peers;
};

/* The first trouble of a kind is kept.  Takes `text`. */
void monitor_trouble(struct monitor *m, enum monitor_kind kind, int journal_at, char *text);

/* ---- of monitor_finish() ---- */

/* Could everybody hear, there and then, of what came? */
void monitor_isolation(struct monitor *m, const struct monitor_view *view);
/* Could this sent event have caused that received one? */
bool monitor_may_have_caused(const struct monitor_view *view, const struct sent_event *s,
                             const struct inbox_item *item);
/* What was told and must not be. */
void monitor_leaks(struct monitor *m, const struct monitor_view *view);

/* At the end of the scenario: look at everything that came, knowing everything that was sent and how it was answered. */
void monitor_finish(struct monitor *m, const struct monitor_view *view);

#endif
