/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/harness/report_fixture.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "wire/xmalloc.h"

static const char *const room_ids[] = {"ROOM-01", NULL};
static const char *const tool_ids[] = {"TOOL-01", NULL};

static char actor_name[] = "A", actor_other[] = "C";
static struct actor_spec actors[] = {{.name = actor_name, .role = ACTOR_AGENT},
                                     {.name = actor_other, .role = ACTOR_COMPUTER}};
static char room_id[] = "room.join", room_title[] = "Joining", room_path[] = "scenarios/join.json";
static char tool_id[] = "tool.call", tool_title[] = "Calling", tool_path[] = "scenarios/call.json";
static const struct scenario room = {
    .id = room_id, .title = room_title, .path = room_path, .actors = actors, .n_actors = 2};
static const struct scenario tool = {
    .id = tool_id, .title = tool_title, .path = tool_path, .actors = actors, .n_actors = 2};

static void add_check(struct scenario_result *s, const char *name, const char *const *ids)
{
    s->checks = xrealloc(s->checks, (s->n_checks + 1) * sizeof(*s->checks));
    s->checks[s->n_checks++] = (struct check_result){.check = name,
                                                     .requirements = ids,
                                                     .actor = "A",
                                                     .verdict = VERDICT_PASS,
                                                     .journal_from = -1,
                                                     .journal_at = -1,
                                                     .at = {3, 5},
                                                     .blocked_by = -1};
}

static void add_result(struct run_result *r, const struct scenario *sc, const char *transport)
{
    struct scenario_result *s;

    r->scenarios = xrealloc(r->scenarios, (r->n_scenarios + 1) * sizeof(*r->scenarios));
    s = &r->scenarios[r->n_scenarios++];
    *s = (struct scenario_result){.scenario = sc, .transport = transport, .ended_us = 1000};
    s->actor_names = xcalloc(2, sizeof(char *));
    s->actor_names[0] = xstrdup("A-r12ab-1");
    s->actor_names[1] = xstrdup("C-r12ab-1");
    if (sc == &tool) {
        add_check(s, "relayed", tool_ids);
        return;
    }
    add_check(s, "one", room_ids);
    add_check(s, "two", room_ids);
}

struct run_result *fixture_run(void)
{
    struct run_result *r = xcalloc(1, sizeof(*r));

    r->revision = SMCP_REV_0_1;
    r->started_at = xstrdup("2026-01-02T03:04:05Z");
    r->rerun = xstrdup("smcp-harness run");
    add_result(r, &room, "websocket");
    add_result(r, &room, "polling");
    add_result(r, &tool, "websocket");
    run_result_summarize(r);
    return r;
}

struct check_result *fixture_check(struct run_result *r, size_t nth, const char *name)
{
    struct scenario_result *s = &r->scenarios[nth];

    for (size_t k = 0; k < s->n_checks; k++)
        if (strcmp(s->checks[k].check, name) == 0)
            return &s->checks[k];
    ck_abort_msg("no check %s", name);
    return NULL;
}

struct check_result *fixture_add(struct run_result *r, size_t nth, const char *name)
{
    add_check(&r->scenarios[nth], name, room_ids);
    run_result_summarize(r);
    return fixture_check(r, nth, name);
}

void fixture_verdict(struct run_result *r, size_t nth, const char *name, enum verdict v,
                     const char *reason)
{
    struct check_result *c = fixture_check(r, nth, name);

    c->verdict = v;
    free(c->reason);
    c->reason = reason ? xstrdup(reason) : NULL;
    run_result_summarize(r);
}

void fixture_free(struct run_result *r)
{
    run_result_release(r);
    free(r);
}
