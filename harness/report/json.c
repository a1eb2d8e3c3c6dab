/* SPDX-License-Identifier: Apache-2.0 */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "harness/absence.h"
#include "harness/report/evidence.h"
#include "harness/report/generic.h"
#include "harness/report/json.h"
#include "wire/xmalloc.h"

/*
 * reports/report.schema.json describes the result.  One check per line: easy to grep, to compare with diff, and never all in memory
 * at once.
 */

enum { EVIDENCE_MAX = 12, EVIDENCE_TEXT = 1024, TEXT_MAX = 64 << 10 };

static void use_hooks(void)
{
    cJSON_Hooks hooks = {xmalloc, free};

    cJSON_InitHooks(&hooks);
}

/* NULL leaves the member out. */
static void add_text(cJSON *object, const char *name, const char *text, size_t max)
{
    char *clean = text_clean(text, max);

    if (clean)
        cJSON_AddStringToObject(object, name, clean);
    free(clean);
}

static void add_number(cJSON *object, const char *name, uint64_t value)
{
    char digits[24];

    snprintf(digits, sizeof(digits), "%llu", (unsigned long long)value);
    cJSON_AddRawToObject(object, name, digits);
}

static cJSON *frame_object(const struct scenario_result *s, size_t index, size_t max_text)
{
    const struct journal_entry *e = &s->journal[index];
    size_t n_actors = s->scenario->n_actors, actor = (size_t)e->actor;
    cJSON *frame = cJSON_CreateObject();

    add_number(frame, "n", index);
    cJSON_AddNumberToObject(frame, "ms", (double)e->t_us / 1000.0);
    if (e->actor >= 0 && actor < n_actors)
        add_text(frame, "actor", s->scenario->actors[actor].name, TEXT_MAX);
    else
        cJSON_AddNullToObject(frame, "actor");
    cJSON_AddStringToObject(frame, "direction", frame_direction(e));
    cJSON_AddStringToObject(frame, "kind", frame_kind(e));
    add_text(frame, "text", e->text, max_text);
    if (e->full_len > strlen(e->text))
        add_number(frame, "length", e->full_len);
    return frame;
}

static void add_evidence(cJSON *check, const struct scenario_result *s,
                         const struct check_result *c)
{
    cJSON *list = cJSON_AddArrayToObject(check, "evidence");
    size_t n;
    size_t *frames = evidence_frames(s, c, EVIDENCE_MAX, &n);

    for (size_t i = 0; i < n; i++) {
        cJSON *frame = frame_object(s, frames[i], EVIDENCE_TEXT);

        if (c->journal_at >= 0 && frames[i] == (size_t)c->journal_at)
            cJSON_AddTrueToObject(frame, "marked");
        cJSON_AddItemToArray(list, frame);
    }
    free(frames);
}

static void add_absence(cJSON *check, const struct check_result *c)
{
    cJSON *absence;

    if (c->absence == ABSENCE_NONE)
        return;
    absence = cJSON_AddObjectToObject(check, "absence");
    cJSON_AddStringToObject(absence, "grade", absence_name(c->absence));
    add_number(absence, "settled_ms", c->settled_ms);
}

static void add_identity(cJSON *check, const struct scenario_result *s,
                         const struct check_result *c)
{
    cJSON *requirements;

    add_text(check, "scenario", s->scenario->id, TEXT_MAX);
    add_text(check, "check", c->check, TEXT_MAX);
    requirements = cJSON_AddArrayToObject(check, "requirements");
    for (size_t i = 0; c->requirements && c->requirements[i]; i++)
        cJSON_AddItemToArray(requirements, cJSON_CreateString(c->requirements[i]));
    cJSON_AddStringToObject(check, "transport", s->transport);
    cJSON_AddStringToObject(check, "verdict", verdict_name(c->verdict));
    if (c->reason)
        add_text(check, "reason", c->reason, TEXT_MAX);
    else
        cJSON_AddNullToObject(check, "reason");
}

static void add_place(cJSON *check, const struct scenario_result *s, const struct check_result *c)
{
    add_text(check, "title", s->scenario->title, TEXT_MAX);
    add_text(check, "actor", c->actor, TEXT_MAX);
    add_text(check, "file", s->scenario->path, TEXT_MAX);
    add_number(check, "line", c->at.line);
    add_number(check, "column", c->at.column);
    add_number(check, "repetition", s->repetition);
    cJSON_AddStringToObject(check, "level", c->should ? "SHOULD" : "MUST");
}

static void add_finding(cJSON *check, const struct scenario_result *s, const struct check_result *c)
{
    char *observed = text_generic(s, c->observed);

    if (c->expected_failure && check_is_trouble(c))
        cJSON_AddTrueToObject(check, "expected");
    if (c->is_new)
        cJSON_AddTrueToObject(check, "new");
    add_text(check, "baseline_reason", c->baseline_reason, TEXT_MAX);
    add_text(check, "expectation", c->expected, TEXT_MAX);
    add_text(check, "actual", c->actual, TEXT_MAX);
    add_text(check, "diff", c->diff, TEXT_MAX);
    add_text(check, "observed", observed, TEXT_MAX);
    free(observed);
    add_absence(check, c);
    add_number(check, "duration_ms", c->duration_ms);
}

cJSON *report_check_object(const struct run_result *r, const struct scenario_result *s,
                           const struct check_result *c, bool verbose)
{
    cJSON *check = cJSON_CreateObject();

    use_hooks();
    add_identity(check, s, c);
    add_place(check, s, c);
    add_finding(check, s, c);
    if (c->blocked_by >= 0 && (size_t)c->blocked_by < s->n_checks)
        add_text(check, "blocked_by", s->checks[c->blocked_by].check, TEXT_MAX);
    if (verbose || check_is_trouble(c)) {
        char *rerun = evidence_rerun(r, s, c);

        add_text(check, "rerun", rerun, TEXT_MAX);
        free(rerun);
    }
    if (verbose || (check_is_trouble(c) && c->verdict != VERDICT_INCONCLUSIVE))
        add_evidence(check, s, c);
    return check;
}

/* What is known to fail, and what that blocks, needs no more than the evidence: reports are kept in repositories. */
static bool needs_transcript(const struct scenario_result *s)
{
    for (size_t k = 0; k < s->n_checks; k++) {
        const struct check_result *c = &s->checks[k];

        if (check_is_trouble(c) && !c->expected_failure && c->blocked_by < 0)
            return true;
    }
    return false;
}

static void add_actors(cJSON *scenario, const struct scenario_result *s)
{
    static const char *const roles[] = {"agent", "computer", "raw"};
    cJSON *actors = cJSON_AddObjectToObject(scenario, "actors");

    for (size_t i = 0; i < s->scenario->n_actors; i++) {
        const struct actor_spec *spec = &s->scenario->actors[i];
        cJSON *actor = cJSON_AddObjectToObject(actors, spec->name);

        cJSON_AddStringToObject(actor, "role", roles[spec->role]);
        add_text(actor, "name",
                 s->actor_names && s->actor_names[i] ? s->actor_names[i] : spec->name, TEXT_MAX);
    }
}

cJSON *report_scenario_object(const struct scenario_result *s, bool transcript)
{
    cJSON *scenario = cJSON_CreateObject(), *list;

    use_hooks();
    add_text(scenario, "scenario", s->scenario->id, TEXT_MAX);
    add_text(scenario, "title", s->scenario->title, TEXT_MAX);
    add_text(scenario, "file", s->scenario->path, TEXT_MAX);
    cJSON_AddStringToObject(scenario, "transport", s->transport);
    add_number(scenario, "repetition", s->repetition);
    cJSON_AddStringToObject(scenario, "verdict", verdict_name(s->verdict));
    add_number(scenario, "checks", s->n_checks);
    add_text(scenario, "trouble", s->trouble, TEXT_MAX);
    add_text(scenario, "skip_reason", s->skip_reason, TEXT_MAX);
    add_actors(scenario, s);
    cJSON_AddNumberToObject(scenario, "started_ms", (double)s->started_us / 1000.0);
    cJSON_AddNumberToObject(scenario, "duration_ms",
                            (double)(s->ended_us - s->started_us) / 1000.0);
    if (!transcript)
        return scenario;
    list = cJSON_AddArrayToObject(scenario, "transcript");
    for (size_t i = 0; i < s->n_journal; i++)
        if (!frame_is_blank(&s->journal[i]))
            cJSON_AddItemToArray(list, frame_object(s, i, TEXT_MAX));
    return scenario;
}

cJSON *report_summary_object(const struct run_result *r)
{
    struct run_counts n = run_result_count(r);
    cJSON *summary = cJSON_CreateObject();

    use_hooks();
    for (int v = 0; v < VERDICT_COUNT; v++)
        add_number(summary, verdict_name((enum verdict)v), n.by_verdict[v]);
    add_number(summary, "passed", n.passed);
    add_number(summary, "failed", n.failed);
    add_number(summary, "skipped", n.skipped);
    add_number(summary, "expected_failures", n.expected_failures);
    add_number(summary, "stale", n.stale);
    add_number(summary, "new", n.new_checks);
    add_number(summary, "new_failed", n.new_failed);
    add_number(summary, "vanished", n.vanished);
    add_number(summary, "declared", r->declared_checks);
    add_number(summary, "executed", r->executed_checks);
    add_number(summary, "scenarios", r->n_scenarios);
    return summary;
}

static cJSON *target_object(const struct run_result *r)
{
    cJSON *target = cJSON_CreateObject();

    add_text(target, "name", r->target_name ? r->target_name : "target", TEXT_MAX);
    add_text(target, "url", r->target_url, TEXT_MAX);
    if (r->target_info)
        cJSON_AddRawToObject(target, "info", r->target_info);
    if (r->rtt_us) {
        cJSON_AddNumberToObject(target, "rtt_ms", (double)r->rtt_us / 1000.0);
        cJSON_AddNumberToObject(target, "time_scale", (double)r->pace_percent / 100.0);
    }
    return target;
}

static void add_list(cJSON *object, const char *name, char *const *texts, size_t n)
{
    cJSON *list = cJSON_AddArrayToObject(object, name);

    for (size_t i = 0; i < n; i++) {
        char *clean = text_clean(texts[i], TEXT_MAX);

        cJSON_AddItemToArray(list, cJSON_CreateString(clean));
        free(clean);
    }
}

cJSON *report_head_object(const struct run_result *r)
{
    cJSON *head = cJSON_CreateObject(), *list;
    const char *transports[3];
    size_t n;

    use_hooks();
    cJSON_AddNumberToObject(head, "schema_version", REPORT_SCHEMA_VERSION);
    cJSON_AddStringToObject(head, "harness", SMCP_VERSION);
    cJSON_AddItemToObject(head, "target", target_object(r));
    cJSON_AddStringToObject(head, "revision", smcp_revision(r->revision)->name);
    add_text(head, "started_at", r->started_at ? r->started_at : "", TEXT_MAX);
    add_number(head, "duration_ms", r->duration_ms);
    add_number(head, "seed", r->seed);
    add_number(head, "settle_ms", r->settle_ms);
    add_text(head, "fence", r->fence, TEXT_MAX);
    cJSON_AddBoolToObject(head, "strict", r->strict);
    cJSON_AddBoolToObject(head, "interrupted", r->interrupted);
    add_text(head, "error", r->error, TEXT_MAX);
    if (r->shard_parts) {
        char shard[32];

        snprintf(shard, sizeof(shard), "%u/%u", r->shard_part, r->shard_parts);
        cJSON_AddStringToObject(head, "shard", shard);
    }
    add_text(head, "rerun", r->rerun, TEXT_MAX);
    list = cJSON_AddArrayToObject(head, "transports");
    n = run_transports(r, transports);
    for (size_t i = 0; i < n; i++)
        cJSON_AddItemToArray(list, cJSON_CreateString(transports[i]));
    add_list(head, "stale", r->stale, r->n_stale);
    if (r->set_number)
        add_number(head, "set", r->set_number);
    cJSON_AddStringToObject(head, "score", r->score_all ? "all" : "frozen");
    add_list(head, "vanished", r->vanished, r->n_vanished);
    return head;
}

static cJSON *roll_object(const struct requirement_roll *roll)
{
    cJSON *object = cJSON_CreateObject();

    cJSON_AddStringToObject(object, "id", roll->id);
    cJSON_AddStringToObject(object, "verdict", verdict_name(roll->worst));
    if (roll->row) {
        cJSON_AddStringToObject(object, "level", roll->row->level_text);
        cJSON_AddStringToObject(object, "actor", roll->row->actor);
        cJSON_AddStringToObject(object, "sentence", roll->row->statement);
        if (roll->row->kind == REQUIREMENT_RULE && roll->row->wire && *roll->row->wire)
            cJSON_AddStringToObject(object, "wire", roll->row->wire);
    }
    for (int v = 0; v < VERDICT_COUNT; v++)
        if (roll->by_verdict[v])
            add_number(object, verdict_name((enum verdict)v), roll->by_verdict[v]);
    if (roll->expected_failures)
        add_number(object, "expected_failures", roll->expected_failures);
    if (roll->new_checks)
        add_number(object, "new", roll->new_checks);
    return object;
}

cJSON *report_requirements_array(const struct run_result *r)
{
    cJSON *list = cJSON_CreateArray();
    size_t n;
    struct requirement_roll *rolls = rollup_requirements(r, &n);

    for (size_t i = 0; i < n; i++)
        cJSON_AddItemToArray(list, roll_object(&rolls[i]));
    free(rolls);
    return list;
}

/* Prints and frees. */
static void print_line(FILE *out, const char *before, cJSON *object)
{
    char *text = cJSON_PrintUnformatted(object);

    fprintf(out, "%s%s", before, text);
    free(text);
    cJSON_Delete(object);
}

static void print_head(FILE *out, const struct run_result *r)
{
    cJSON *head = report_head_object(r), *m;
    const char *before = "{\n";

    cJSON_AddItemToObject(head, "summary", report_summary_object(r));
    for (m = head->child; m; m = m->next) {
        char *text = cJSON_PrintUnformatted(m);

        fprintf(out, "%s  \"%s\": %s", before, m->string, text);
        before = ",\n";
        free(text);
    }
    cJSON_Delete(head);
}

bool report_json(FILE *out, const struct run_result *r, const struct report_options *options)
{
    bool verbose = options->verbosity >= 1;
    const char *before = "\n    ";
    struct requirement_roll *rolls;
    size_t n;

    print_head(out, r);
    fputs(",\n  \"checks\": [", out);
    for (size_t i = 0; i < r->n_scenarios; i++) {
        const struct scenario_result *s = &r->scenarios[i];

        for (size_t k = 0; k < s->n_checks; k++, before = ",\n    ")
            print_line(out, before, report_check_object(r, s, &s->checks[k], verbose));
    }
    fputs("\n  ],\n  \"scenarios\": [", out);
    before = "\n    ";
    for (size_t i = 0; i < r->n_scenarios; i++, before = ",\n    ") {
        const struct scenario_result *s = &r->scenarios[i];

        print_line(out, before, report_scenario_object(s, verbose || needs_transcript(s)));
    }
    fputs("\n  ],\n  \"requirements\": [", out);
    before = "\n    ";
    rolls = rollup_requirements(r, &n);
    for (size_t i = 0; i < n; i++, before = ",\n    ")
        print_line(out, before, roll_object(&rolls[i]));
    free(rolls);
    fputs("\n  ]\n}\n", out);
    return !ferror(out);
}
