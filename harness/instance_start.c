/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "harness/instance_internal.h"
#include "harness/steps.h"
#include "smcp/requirements.h"
#include "smcp/version.h"
#include "wire/xmalloc.h"

/* ---- the check table ---- */

static const char *const no_requirements[] = {NULL};

static bool step_applies(const struct step *step, enum smcp_revision_id revision)
{
    return step->since <= revision && revision <= step->until;
}

static bool step_is_check(const struct step *step)
{
    return step->verb != VERB_TOGETHER && (step->requirements || step->observe);
}

typedef void each_step_fn(void *user, const struct step *step, int group);

static void each_child(const struct step *step, enum smcp_revision_id revision, int group,
                       each_step_fn *fn, void *user)
{
    if (!step_applies(step, revision))
        return;
    if (step->verb != VERB_TOGETHER) {
        fn(user, step, group);
        return;
    }
    for (size_t i = 0; i < step->n_children; i++)
        each_child(&step->children[i], revision, group, fn, user);
}

static void each_step(const struct scenario *sc, enum smcp_revision_id revision, each_step_fn *fn,
                      void *user)
{
    for (size_t i = 0; i < sc->n_steps; i++)
        each_child(&sc->steps[i], revision, (int)i, fn, user);
}

static struct check_result *check_add(struct scenario_result *r)
{
    struct check_result *c;

    r->checks = xrealloc(r->checks, (r->n_checks + 1) * sizeof(*r->checks));
    c = &r->checks[r->n_checks++];
    *c = (struct check_result){.verdict = VERDICT_SKIP,
                               .journal_from = -1,
                               .journal_at = -1,
                               .journal_until = -1,
                               .blocked_by = -1};
    return c;
}

/* Of the ids, those that exist in the revision: a check proves nothing about another one. */
static void keep_requirements(struct check_result *c, enum smcp_revision_id revision)
{
    size_t n = 0, kept = 0;

    while (c->requirements[n])
        n++;
    c->own_requirements = xcalloc(n + 1, sizeof(char *));
    for (size_t i = 0; i < n; i++) {
        const struct requirement *q = requirement_find(c->requirements[i]);

        if (!q || requirement_applies(q, revision))
            c->own_requirements[kept++] = c->requirements[i];
    }
    if (kept < n) {
        c->requirements = c->own_requirements;
        return;
    }
    free(c->own_requirements);
    c->own_requirements = NULL;
}

static void add_step_check(void *user, const struct step *step, int group)
{
    struct scenario_result *r = user;
    struct check_result *c;

    (void)group;
    if (!step_is_check(step) || step->repeats)
        return;
    c = check_add(r);
    c->check = step->check;
    c->requirements =
        step->requirements ? (const char *const *)step->requirements : no_requirements;
    c->actor = step->actor >= 0 ? r->scenario->actors[step->actor].name : NULL;
    c->should = step->should;
    c->observe = step->observe;
    c->at = step->at;
}

void instance_prepare_result(struct scenario_result *r, const struct scenario *sc,
                             enum smcp_revision_id revision)
{
    r->scenario = sc;
    each_step(sc, revision, add_step_check, r);
    for (size_t i = 0; i < r->n_checks; i++)
        keep_requirements(&r->checks[i], revision);
    for (int i = 0; i < MONITOR_COUNT; i++) {
        struct check_result *c = check_add(r);

        c->check = monitor_rows[i].check;
        c->requirements = monitor_requirements((enum monitor_kind)i, revision);
        c->observe = monitor_observes((enum monitor_kind)i, revision);
    }
}

/* ---- start ---- */

static void add_run(void *user, const struct step *step, int group)
{
    struct instance *inst = user;
    struct step_run *run;

    inst->runs = xrealloc(inst->runs, (size_t)(inst->n_runs + 1) * sizeof(*inst->runs));
    run = &inst->runs[inst->n_runs];
    memset(run, 0, sizeof(*run));
    run->step = step;
    run->inst = inst;
    run->index = inst->n_runs++;
    run->group = group;
    run->sent = run->last_item = -1;
    run->peer = step->actor >= 0 ? &inst->peers[step->actor] : NULL;
    buf_init(&run->http_value, 4 << 20);
}

/* A check that is repeated in rounds is one check: the same result every time. */
static struct check_result *first_result(const struct instance *inst, const struct step *step)
{
    for (size_t i = 0; i < inst->result->n_checks; i++)
        if (strcmp(inst->result->checks[i].check, step->check) == 0)
            return &inst->result->checks[i];
    return NULL;
}

/* Results stand in the same order as the steps that are checks. */
static void link_results(struct instance *inst)
{
    size_t next = 0;

    for (int i = 0; i < inst->n_runs; i++) {
        struct step_run *run = &inst->runs[i];

        if (run->step->repeats)
            run->result = first_result(inst, run->step);
        else if (step_is_check(run->step))
            run->result = &inst->result->checks[next++];
    }
}

static void name_actor(struct instance *inst, struct peer *p)
{
    const struct json_node *own = json_get(p->spec->node, "name");
    struct template_env env = instance_env(inst);
    struct buf text;
    char *variable = xasprintf("%s.name", p->spec->name);

    buf_init(&text, 65536);
    if (own && template_expand_text(own, &env, &text, NULL))
        p->name = buf_take_str(&text);
    else
        p->name = vars_unique(&inst->vars, p->spec->name);
    vars_set_text(&inst->vars, variable, slice_str(p->name));
    free(variable);
    buf_release(&text);
}

static void name_office_as(struct instance *inst, char *stem)
{
    char *real;

    if (!stem)
        return;
    real = vars_unique(&inst->vars, stem);
    vars_set_text(&inst->vars, stem, slice_str(real));
    free(real);
    free(stem);
}

static void name_office(void *user, const struct step *step, int group)
{
    struct instance *inst = user;

    (void)group;
    name_office_as(inst, json_node_str(json_get(step->node, "office"), NULL));
}

/* Those of the steps, and those that only references name. */
static void name_offices(struct instance *inst)
{
    const struct json_node *more = json_get(json_doc_root(inst->sc->doc), "offices");

    each_step(inst->sc, inst->plan->revision, name_office, inst);
    for (const struct json_node *m = more ? more->first : NULL; m; m = m->next)
        name_office_as(inst, json_node_str(m, NULL));
}

static void on_changed(void *user)
{
    struct instance *inst = user;

    inst->changed(inst->user, inst);
}

static void on_malformed(void *user, struct peer *p, const char *text, int journal_at)
{
    struct instance *inst = user;

    monitor_malformed(&inst->monitor, p, text, journal_at);
}

static void on_own_fault(void *user, char *text)
{
    struct instance *inst = user;

    if (!inst->own_fault)
        inst->own_fault = inst->sender ? xasprintf("line %u: %s", inst->sender->step->at.line, text)
                                       : xstrdup(text);
    free(text);
}

static void on_sending(void *user)
{
    struct instance *inst = user;

    inst->sending(inst->user, inst);
}

static void on_lost(void *user, struct peer *p)
{
    struct instance *inst = user;

    inst->lost(inst->user, inst, p);
}

static void on_foreign(void *user, struct peer *p, long serial, const struct inbox_item *item)
{
    struct instance *inst = user;

    inst->foreign(inst->user, inst, p, serial, item);
}

static void connect_actor(struct instance *inst, struct peer *p)
{
    struct connect_attributes how = {.actor = p->spec->node};
    char *error = NULL;

    if (!p->spec->connects_first)
        return;
    how.engine_only = p->spec->role == ACTOR_RAW && !json_get(p->spec->node, "namespace");
    if (!peer_connect(p, &how, &error))
        instance_block(inst, xasprintf("%s cannot connect: %s", p->spec->name, error));
    free(error);
}

/* {version.minor}: what all versions that fit have in common. */
static void name_series(struct instance *inst, unsigned long major, unsigned long minor)
{
    char *text = xasprintf("%lu.%lu", major, minor);

    vars_set_text(&inst->vars, "version.minor", slice_str(text));
    free(text);
}

/* {version} and its neighbours, where clients declare one. */
static void name_versions(struct instance *inst)
{
    const char *own = inst->target->a2c_version;
    unsigned long major, minor, patch;
    struct smcp_version v;

    if (!own || !smcp_version_parse(slice_str(own), &v))
        return;
    major = strtoul(v.major.ptr, NULL, 10);
    minor = strtoul(v.minor.ptr, NULL, 10);
    patch = strtoul(v.patch.ptr, NULL, 10);
    const struct {
        const char *name;
        unsigned long major, minor, patch;
    } rows[] = {{"version", major, minor, patch},
                {"version.patch", major, minor, patch + 1},
                {"version.first", major, minor, 0},
                {"version.older", major, minor ? minor - 1 : minor + 2, 0},
                {"version.newer", major, minor + 1, 0},
                {"version.major", major + 1, 0, 0}};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char *text = xasprintf("%lu.%lu.%lu", rows[i].major, rows[i].minor, rows[i].patch);

        vars_set_text(&inst->vars, rows[i].name, slice_str(text));
        free(text);
    }
    name_series(inst, major, minor);
}

void instance_start(struct instance *inst)
{
    const struct scenario *sc = inst->sc;
    const char *transport = inst->transport;

    vars_init(&inst->vars, inst->plan->seed, inst->serial);
    vars_again(&inst->vars, inst->attempt);
    inst->vars.revision = smcp_revision(inst->plan->revision);
    vars_set_text(&inst->vars, "revision", slice_str(inst->vars.revision->name));
    vars_set_text(&inst->vars, "mount", slice_str(inst->target->path));
    name_versions(inst);
    journal_init(&inst->journal);
    monitor_init(&inst->monitor);
    inst->blocker = -1;
    inst->timeout_ms = instance_patience(inst, inst->plan->timeout_ms);
    inst->host = (struct peer_host){.loop = inst->loop,
                                    .revision = inst->plan->revision,
                                    .journal = &inst->journal,
                                    .vars = &inst->vars,
                                    .target = inst->target,
                                    .mode = strcmp(transport, "polling") == 0   ? CLIENT_POLLING
                                            : strcmp(transport, "upgrade") == 0 ? CLIENT_UPGRADE
                                                                                : CLIENT_WEBSOCKET,
                                    .connect_timeout_ms = inst->timeout_ms,
                                    .changed = on_changed,
                                    .malformed = on_malformed,
                                    .own_fault = on_own_fault,
                                    .schemas = inst->plan->schemas,
                                    .sending = on_sending,
                                    .lost = on_lost,
                                    .foreign = on_foreign,
                                    .user = inst};
    inst->peers = xcalloc(sc->n_actors ? sc->n_actors : 1, sizeof(*inst->peers));
    inst->fences = xcalloc(sc->n_actors ? sc->n_actors : 1, sizeof(*inst->fences));
    inst->fence_done = xcalloc(sc->n_actors ? sc->n_actors : 1, sizeof(*inst->fence_done));
    name_offices(inst);
    for (size_t i = 0; i < sc->n_actors; i++) {
        peer_init(&inst->peers[i], &inst->host, &sc->actors[i], (int)i);
        name_actor(inst, &inst->peers[i]);
    }
    each_step(sc, inst->plan->revision, add_run, inst);
    link_results(inst);
    for (size_t i = 0; i < sc->n_actors; i++)
        connect_actor(inst, &inst->peers[i]);
    instance_enter(inst, PHASE_CONNECTING);
    on_changed(inst);
}
