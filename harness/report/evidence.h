/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_REPORT_EVIDENCE_H
#define HARNESS_REPORT_EVIDENCE_H

#include "harness/result.h"
#include "smcp/requirements.h"
#include "wire/macros.h"

/* What all formats say of a check, so that they say the same. */

/* Worth explaining: anything but skip, pass and info. */
bool check_is_trouble(const struct check_result *c);

/* A failure that nobody listed, or a verdict that --strict turns into one; of what is scored. */
bool check_is_unexpected(const struct run_result *r, const struct check_result *c);

/* A failure of a check that is not in the frozen set, and so does not count yet. */
bool check_is_new_failure(const struct run_result *r, const struct check_result *c);

/* A failure that the baseline lists. */
bool check_is_expected_failure(const struct check_result *c);

/* A ping or pong of Engine.IO: noise in a story. */
bool frame_is_heartbeat(const struct journal_entry *e);

/* Stands for a frame that the JSON report has left out (harness/report/load.h). */
bool frame_is_blank(const struct journal_entry *e);

/* "out" (actor to server), "in", or "none" for what the harness notes about a connection.  Static. */
const char *frame_direction(const struct journal_entry *e);

/* "text", "binary", "request", "response", "link".  Static. */
const char *frame_kind(const struct journal_entry *e);

/*
 * Indices into the journal of the frames that explain the finding: the last `max` up to it, and the last one of each actor that had
 * none among these, in order.  Without heartbeats.  Caller frees the array.
 */
MUST_USE size_t *evidence_frames(const struct scenario_result *s, const struct check_result *c,
                                 size_t max, size_t *ret_n);

/* The line that plays exactly this scenario again; `c` (may be NULL) is the check that is to be red again.  Caller frees. */
MUST_USE char *evidence_rerun(const struct run_result *r, const struct scenario_result *s,
                              const struct check_result *c);

/* First part of the id: "room" of "room.join.notifies-others".  Borrowed. */
struct slice scenario_chapter(const struct scenario *sc);

/* File of the scenario as it lies in the repository. */
const char *scenario_file(const struct scenario *sc);

/*
 * From now on the texts of all reports show "***" instead of `secret` (borrowed; the key that the target demands).  Too short ones, of
 * less than 4 bytes, would make texts unreadable and are no secrets.
 */
void text_hide(const char *secret);

/*
 * Append `text` as valid UTF-8: what is malformed becomes U+FFFD.  At most about `max_bytes`, cut between characters, "…" tells.
 * Reports hold bytes of the peer: nothing about them may be believed.
 */
void text_append_clean(struct buf *out, const char *text, size_t max_bytes);

/* The same as a heap string; NULL for NULL.  Caller frees. */
MUST_USE char *text_clean(const char *text, size_t max_bytes);

/*
 * The same for eyes: also no control character is left but line ends and tabs, they become their pictures (␞ between the packets of a
 * poll, ␛ where a peer plays with terminals).
 */
void text_append_visible(struct buf *out, const char *text, size_t max_bytes);

/* What became of one requirement over all its checks. */
struct requirement_roll {
    const char *id;                /* borrowed from a check */
    const struct requirement *row; /* NULL when unknown */
    enum verdict worst;
    size_t by_verdict[VERDICT_COUNT];
    size_t expected_failures;
    size_t new_checks; /* not scored yet, and in none of the other counts */
};

/* All that a check of the run names, in order of the requirements file.  Caller frees the array. */
MUST_USE struct requirement_roll *rollup_requirements(const struct run_result *r, size_t *ret_n);

/* Transports that occur, as words in the order websocket, polling, upgrade; at most 3.  Gives their number. */
size_t run_transports(const struct run_result *r, const char *ret_names[3]);

#endif
