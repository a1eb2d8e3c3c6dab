/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_JOURNAL_H
#define HARNESS_JOURNAL_H

#include "endpoint/client.h"
#include "harness/result.h"

/* The ordered record of every frame of every actor of one scenario, from the first byte. */
struct journal {
    struct journal_entry *entries; /* owned */
    size_t n, cap;
    uint64_t start_us;
};

enum { JOURNAL_MAX_TEXT = 4096 };

/* Times count from now on.  Cannot fail. */
void journal_init(struct journal *j);
void journal_release(struct journal *j);

/* Record one frame of `actor`.  Returns the index of its entry. */
int journal_add(struct journal *j, int actor, const struct tap_frame *frame);

/* A line of our own, e.g. how a connection ended. */
int journal_note(struct journal *j, int actor, bool outgoing, const char *text);

/* Microseconds since the start. */
uint64_t journal_now(const struct journal *j);

/* Hand the entries over; the journal is empty afterwards.  Caller owns them. */
struct journal_entry *journal_take(struct journal *j, size_t *ret_n);

/* Free `n` entries and their array. */
void journal_entries_free(struct journal_entry *entries, size_t n);

#endif
