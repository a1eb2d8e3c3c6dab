/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/baseline.h"
#include "harness/cli.h"
#include "harness/commands.h"
#include "harness/frozen.h"
#include "harness/report/evidence.h"
#include "harness/report/github.h"
#include "harness/report/stream.h"
#include "harness/retry.h"
#include "harness/run_command.h"
#include "harness/select.h"
#include "harness/survey.h"
#include "smcp/suggest.h"
#include "wire/xmalloc.h"

enum {
    MAX_TARGETS = 3,
    OWN_JOBS = 32,
    SURVEY_MS = 4000,
    OTHER_JOBS = 8,
    OWN_CONNECTIONS = 2000,
    OTHER_CONNECTIONS = 256
};

/* A version from which on an older MINOR is welcome (HS-07). */
#define LATER "1.2.0"

/* What one `run` holds together. */
struct session {
    struct run_command command;
    struct scenario_set set;
    const struct scenario **chosen; /* owned array */
    size_t n_chosen;
    struct target targets[MAX_TARGETS];
    size_t n_targets;
    struct run_result result;
    char *refserver;              /* owned */
    struct baseline *baseline;    /* owned; NULL: none */
    struct frozen_set *frozen;    /* owned; NULL: none, everything is scored */
    struct report_stream *stream; /* owned; NULL: nobody wants one, or not yet */
};

static int usage_error(char *text)
{
    fprintf(stderr, "smcp-harness run: %s\n", text);
    free(text);
    return EXIT_USAGE_ERROR;
}

/* ---- which scenarios ---- */

static bool any_glob(const struct text_list *globs, const char *id)
{
    for (size_t i = 0; i < globs->n; i++)
        if (selection_fits(globs->items[i], id))
            return true;
    return false;
}

static bool has_tag(const struct scenario *sc, const struct text_list *tags)
{
    for (size_t i = 0; i < tags->n; i++)
        for (char *const *tag = sc->tags; tag && *tag; tag++)
            if (strcmp(*tag, tags->items[i]) == 0)
                return true;
    return false;
}

/* Scenarios that must fail test the judge, not the server: only when asked for. */
static bool is_chosen(const struct run_command *c, const struct scenario *sc)
{
    if (any_glob(&c->exclude, sc->id) || (c->tags.n > 0 && !has_tag(sc, &c->tags)))
        return false;
    if (c->only.n > 0)
        return any_glob(&c->only, sc->id);
    return !sc->must_fail || c->scenarios || c->tags.n > 0;
}

/* An id that names nothing is a typing mistake, not an empty selection. */
static bool ids_exist(const struct session *s)
{
    const struct text_list *only = &s->command.only;

    for (size_t i = 0; i < only->n; i++) {
        struct suggest suggest;
        bool found = false;
        char *phrase;

        suggest_init(&suggest, only->items[i]);
        for (size_t k = 0; k < s->set.n; k++) {
            found = found || selection_fits(only->items[i], s->set.items[k]->id);
            suggest_offer(&suggest, s->set.items[k]->id);
        }
        if (found || strpbrk(only->items[i], "*?"))
            continue;
        phrase = suggest_phrase(suggest.best);
        fprintf(stderr, "smcp-harness run: no scenario `%s`%s\n", only->items[i], phrase);
        free(phrase);
        return false;
    }
    return true;
}

static int load_scenarios(struct session *s)
{
    struct diag diag = {0};

    if (!scenario_set_load(&s->set, s->command.scenarios, &diag)) {
        fprintf(stderr, "%s:%u:%u: %s\n", diag.path ? diag.path : "scenarios", diag.at.line,
                diag.at.column, diag.text ? diag.text : "cannot be loaded");
        diag_release(&diag);
        return EXIT_USAGE_ERROR;
    }
    if (!ids_exist(s))
        return EXIT_USAGE_ERROR;
    s->chosen = xcalloc(s->set.n ? s->set.n : 1, sizeof(*s->chosen));
    for (size_t i = 0; i < s->set.n; i++)
        if (is_chosen(&s->command, s->set.items[i]))
            s->chosen[s->n_chosen++] = s->set.items[i];
    return EXIT_FINE;
}

static bool any_needs(const struct session *s, const char *feature)
{
    enum smcp_revision_id revision = s->command.options.plan.revision;

    for (size_t i = 0; i < s->n_chosen; i++) {
        const struct scenario *sc = s->chosen[i];
        bool plays = sc->since <= revision && revision <= sc->until;

        for (char *const *need = sc->needs; plays && need && *need; need++)
            if (strncmp(*need, feature, strlen(feature)) == 0)
                return true;
    }
    return false;
}

/* ---- which target ---- */

/* Beside this program, else whatever PATH finds. */
static char *find_refserver(const struct run_command *c)
{
    char self[PATH_MAX];
    ssize_t len;
    char *slash, *beside;

    if (c->refserver)
        return xstrdup(c->refserver);
    len = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (len > 0) {
        self[len] = '\0';
        slash = strrchr(self, '/');
        *slash = '\0';
        beside = xasprintf("%s/smcp-refserver", self);
        if (access(beside, X_OK) == 0)
            return beside;
        free(beside);
    }
    return xstrdup("smcp-refserver");
}

static struct target *own_target(struct session *s, const char *name, const char *const *options)
{
    struct target *t = &s->targets[s->n_targets++];

    target_init(t);
    t->name = xstrdup(name);
    target_use_refserver(t, s->refserver, options);
    return t;
}

static void own_target_with_key(struct session *s, const char *name, const char *key,
                                const char *const *more)
{
    const char *const options[] = {
        "--revision", smcp_revision(s->command.options.plan.revision)->name,
        "--auth",     key,
        more[0],      more[1],
        more[2],      more[3],
        NULL};

    if (!credential_parse(&own_target(s, name, options)->key, key))
        abort();
}

/*
 * A reference server; a second one with a key and a quick heartbeat where scenarios need either, and a third one where they need the key
 * in the other place (AUTH-04, AUTH-08) or a later version.  Not more: they share the cores with us.
 */
static void use_own_servers(struct session *s)
{
    static const char *const quick[] = {"--ping-interval", "500", "--ping-timeout", "2500"};
    static const char *const later[] = {"--pretend-version", LATER, NULL, NULL};
    static const char *const nothing[] = {NULL, NULL, NULL, NULL};
    static const char auth[] = "auth:token=harness-key", header[] = "header:x-api-key=harness-key";
    const struct smcp_revision *revision = smcp_revision(s->command.options.plan.revision);
    const char *const plain[] = {"--revision", revision->name, NULL};
    bool moved = revision->id >= SMCP_REV_0_2; /* the default of the SDKs */

    s->refserver = find_refserver(&s->command);
    own_target(s, "smcp-refserver", plain);
    if (any_needs(s, "key") || any_needs(s, "ping"))
        own_target_with_key(s, "smcp-refserver with a key and a quick heartbeat",
                            moved ? auth : header, quick);
    if (!any_needs(s, moved ? "key:header" : "key:auth") && !any_needs(s, "major"))
        return;
    own_target_with_key(s, "smcp-refserver with a key in the other place, of a later version",
                        moved ? header : auth, moved ? later : nothing);
    if (moved && !target_set_version(&s->targets[s->n_targets - 1], LATER))
        abort();
}

static int learn_revision(struct run_command *c, struct target *t, const struct survey *survey)
{
    if (survey->trouble) {
        fprintf(stderr, "smcp-harness run: %s: %s\n", c->url, survey->trouble);
        return EXIT_NOT_REACHABLE;
    }
    if (!survey->revision)
        return usage_error(
            xasprintf("--revision auto: the server is of version %s, which no "
                      "revision of ours has; choose one with --revision",
                      survey->server_version ? survey->server_version : "it does not tell"));
    c->options.plan.revision = survey->revision->id;
    c->revision_given = true;
    if (strcmp(survey->path, t->path) != 0)
        c->path = c->found_path = xstrdup(survey->path); /* the rerun line names it */
    return EXIT_FINE;
}

/* `--revision auto`: what a probe of the URL finds. */
static int use_survey(struct run_command *c, struct target *t)
{
    const struct survey_config config = {
        .target = t, .path_given = c->path != NULL, .budget_ms = SURVEY_MS};
    struct survey survey;
    char *error = NULL;
    int status;

    if (c->path) {
        free(t->path);
        t->path = xstrdup(c->path);
    }
    if (!survey_take(&survey, &config, &error)) {
        fprintf(stderr, "smcp-harness run: %s\n", error);
        free(error);
        return EXIT_FAULT;
    }
    status = learn_revision(c, t, &survey);
    survey_release(&survey);
    return status;
}

static int use_given_target(struct session *s)
{
    const struct run_command *c = &s->command;
    struct target *t = &s->targets[s->n_targets++];
    char *error = NULL;

    target_init(t);
    if (c->target_file ? !target_load(t, c->target_file, &error)
                       : !target_set_url(t, c->url, &error))
        return usage_error(error);
    if (t->revision_given && c->revision_given && t->revision != c->options.plan.revision)
        return usage_error(xasprintf("--revision %s, but %s says revision %s",
                                     smcp_revision(c->options.plan.revision)->name, c->target_file,
                                     smcp_revision(t->revision)->name));
    if (t->revision_given)
        s->command.options.plan.revision = t->revision;
    t->to.insecure = c->insecure;
    if (!c->revision_auto || t->revision_given)
        return EXIT_FINE;
    return c->url ? use_survey(&s->command, t)
                  : usage_error(xasprintf("--revision auto needs a server that runs: %s starts one "
                                          "and does not say its revision",
                                          c->target_file));
}

static void copy_pairs(struct pairs *to, const struct pairs *from)
{
    for (size_t i = 0; i < from->n; i++) {
        to->items = xrealloc(to->items, (to->n + 1) * sizeof(*to->items));
        to->items[to->n++] =
            (struct pair){xstrdup(from->items[i].name), xstrdup(from->items[i].value)};
    }
}

static void use_access(struct session *s)
{
    const struct run_command *c = &s->command;

    for (size_t i = 0; i < s->n_targets; i++) {
        struct target *t = &s->targets[i];
        bool own_version = i > 0 && t->version_given; /* of the server of MAJOR 1 */

        copy_pairs(&t->auth, &c->auth);
        copy_pairs(&t->headers, &c->headers);
        if (c->a2c_version && !own_version && !target_set_version(t, c->a2c_version))
            abort(); /* was checked as an option */
        target_default_version(t, c->options.plan.revision);
        if (c->path) {
            free(t->path);
            t->path = xstrdup(c->path);
        }
        if (!c->key.given)
            continue;
        free(t->key.name);
        free(t->key.value);
        t->key = (struct credential){true, c->key.in_header, xstrdup(c->key.name),
                                     xstrdup(c->key.value)};
    }
}

static int choose_targets(struct session *s)
{
    struct run_command *c = &s->command;
    bool own = !c->url && !c->target_file;
    int status = EXIT_FINE;

    if (own && c->revision_auto)
        return usage_error(xstrdup("--revision auto needs a URL: say which revision to serve"));
    if (own)
        use_own_servers(s);
    else
        status = use_given_target(s);
    use_access(s);
    if (!c->jobs_given)
        c->options.jobs = own ? OWN_JOBS : OTHER_JOBS;
    if (!c->connections_given)
        c->options.max_connections = own ? OWN_CONNECTIONS : OTHER_CONNECTIONS;
    return status;
}

/*
 * The target was chosen by its own revision, and clients go on declaring the version of that; where it has none, that of the
 * revision that it is judged by, as a server without a gate does not look at it.
 */
static void judge_by(struct session *s)
{
    struct run_command *c = &s->command;

    c->own = c->options.plan.revision;
    if (!c->judge_by_given)
        return;
    c->options.plan.revision = c->judge_by;
    for (size_t i = 0; i < s->n_targets; i++)
        if (!s->targets[i].a2c_version)
            target_default_version(&s->targets[i], c->judge_by);
}

/* ---- the end ---- */

static void describe_target(struct session *s)
{
    const struct run_command *c = &s->command;
    const struct target *t = &s->targets[0];
    struct run_result *r = &s->result;

    if (r->rerun) /* known already */
        return;
    r->target_name = xstrdup(t->name ? t->name : t->url ? t->url : "target");
    r->target_url = t->url ? xstrdup(t->url) : NULL;
    r->target_info = t->info ? xstrdup(t->info) : NULL;
    r->strict = c->strict;
    r->rerun = run_command_line(c);
    if (t->key.given)
        text_hide(t->key.value);
    for (size_t i = 0; i < c->auth.n; i++)
        text_hide(c->auth.items[i].value);
}

/* Machine output on stdout sends the text for people to stderr. */
static bool write_reports(struct session *s)
{
    struct run_command *c = &s->command;
    FILE *human = report_requests_take_stdout(&c->reports) ? stderr : stdout;
    struct report_options options = {.verbosity = c->verbosity};
    bool ok;

    c->reports.streamed = s->stream != NULL;
    ok = report_stream_close(s->stream, &s->result);
    s->stream = NULL;
    ok = report_requests_write(&c->reports, c->results, "smcp-harness run", &s->result,
                               c->verbosity) &&
         ok;
    options.color = isatty(fileno(human)) && !getenv("NO_COLOR");
    report_to_github(human, &s->result);
    ok = report_text(human, &s->result, &options) && ok;
    fflush(human);
    return ok;
}

/* Blocked or unproven where a MUST was to be judged (what would only have been recorded is no loss), and not as the consequence of a failure that is expected anyway. */
static bool is_incomplete(const struct run_result *r, const struct scenario_result *s,
                          const struct check_result *c)
{
    if (!check_is_scored(r, c) || c->verdict != VERDICT_INCONCLUSIVE || c->should || c->observe ||
        c->expected_failure)
        return false;
    return c->blocked_by < 0 || !s->checks[c->blocked_by].expected_failure;
}

static bool anything_incomplete(const struct run_result *r)
{
    for (size_t i = 0; i < r->n_scenarios; i++)
        for (size_t k = 0; k < r->scenarios[i].n_checks; k++)
            if (is_incomplete(r, &r->scenarios[i], &r->scenarios[i].checks[k]))
                return true;
    return false;
}

static int exit_status(const struct run_result *r, enum run_outcome outcome)
{
    struct run_counts n = run_result_count(r);

    if (outcome == RUN_INTERRUPTED)
        return 128 + r->signum;
    if (outcome == RUN_UNREACHABLE)
        return EXIT_NOT_REACHABLE;
    if (outcome == RUN_FAULT || n.by_verdict[VERDICT_ERROR] > 0)
        return EXIT_FAULT;
    if (n.failed > 0 || n.stale > 0)
        return EXIT_FAILED;
    if (anything_incomplete(r))
        return EXIT_INCOMPLETE;
    /* A shard that happens to hold nothing is no mistake of its job: the others play. */
    return r->executed_checks == 0 && !r->plays_elsewhere ? EXIT_NOTHING_RAN : EXIT_FINE;
}

static void choose_score(struct session *s)
{
    const struct run_command *c = &s->command;

    s->result.score_all = c->score_given ? c->score_all : !c->url && !c->target_file;
    if (s->frozen)
        s->result.set_number = frozen_number(s->frozen);
}

/* ---- as it happens ---- */

static void on_begun(void *user, const struct run_result *r)
{
    struct session *s = user;
    const struct run_command *c = &s->command;

    describe_target(s);
    choose_score(s);
    s->stream = report_stream_open(&c->reports, c->results, "smcp-harness run", r, c->verbosity);
}

static void on_judged(void *user, const struct run_result *r, size_t at, bool ended)
{
    struct session *s = user;

    if (s->stream && s->frozen)
        frozen_mark(s->frozen, &s->result.scenarios[at]);
    report_stream_scenario(s->stream, r, at, ended);
}

/* What is scored, and what the set has lost. */
static void hold_against_set(struct session *s)
{
    struct run_result *r = &s->result;

    choose_score(s);
    if (!s->frozen)
        return;
    for (size_t i = 0; i < r->n_scenarios; i++)
        frozen_mark(s->frozen, &r->scenarios[i]);
    r->vanished = frozen_vanished(s->frozen, &s->set, &r->n_vanished);
}

static int play(struct session *s)
{
    const struct run_command *c = &s->command;
    enum run_outcome outcome;
    char *error = NULL;

    s->command.options.plan.schemas = schema_set_embedded();
    s->command.options.progress = c->verbosity == 0 && isatty(STDERR_FILENO) && !getenv("CI");
    s->command.options.verbosity = c->verbosity;
    s->command.options.listener = (struct run_listener){on_begun, on_judged, s};
    outcome = runner_run(&c->options, s->targets, s->n_targets, s->chosen, s->n_chosen, &s->result);
    describe_target(s);
    if (outcome == RUN_UNREACHABLE || outcome == RUN_FAULT) {
        fprintf(stderr, "smcp-harness run: %s\n", s->result.error);
        return exit_status(&s->result, outcome);
    }
    hold_against_set(s);
    if (s->baseline)
        baseline_apply(s->baseline, &s->result, &s->set);
    if (c->retry_alone && outcome == RUN_DONE && !s->result.error)
        retry_alone(&c->options, s->targets, s->n_targets, &s->result);
    if (c->write_baseline && !baseline_write(s->baseline, &s->result, c->write_baseline, &error))
        return usage_error(error);
    if (s->result.n_scenarios == 0 && s->result.plays_elsewhere)
        fprintf(stderr, "smcp-harness run: shard %u/%u holds none of the chosen scenarios\n",
                s->result.shard_part, s->result.shard_parts);
    if (!write_reports(s))
        return EXIT_FAULT;
    return exit_status(&s->result, outcome);
}

/* Before anything is played: a mistake in it must not cost a run. */
static int load_baseline(struct session *s)
{
    const char *path = s->command.expected ? s->command.expected : s->targets[0].baseline;
    char *error = NULL;

    if (!path)
        return EXIT_FINE;
    s->baseline = baseline_load(path, &error);
    return s->baseline ? EXIT_FINE : usage_error(error);
}

/* Scenarios of one's own folder are in no built-in set: all of them are scored. */
static int load_set(struct session *s)
{
    const struct run_command *c = &s->command;
    enum smcp_revision_id revision = c->options.plan.revision;
    char *error = NULL;

    if (!c->set && !c->scenarios)
        s->frozen = frozen_built_in(revision);
    else if (c->set)
        s->frozen = frozen_load(c->set, &error);
    if (s->frozen && frozen_revision(s->frozen) != revision)
        error = xasprintf("--set %s: is of revision %s", c->set,
                          smcp_revision(frozen_revision(s->frozen))->name);
    return error ? usage_error(error) : EXIT_FINE;
}

int cmd_run(int argc, char **argv)
{
    struct session s = {.n_targets = 0};
    bool go_on;
    int status = run_command_read(&s.command, argc, argv, &go_on);

    if (status == EXIT_FINE && go_on)
        status = load_scenarios(&s);
    if (status == EXIT_FINE && go_on && s.n_chosen == 0) {
        fprintf(stderr, "smcp-harness run: no scenario is selected\n");
        status = EXIT_NOTHING_RAN;
    }
    if (status == EXIT_FINE && go_on)
        status = choose_targets(&s);
    if (status == EXIT_FINE && go_on)
        judge_by(&s);
    if (status == EXIT_FINE && go_on)
        status = load_baseline(&s);
    if (status == EXIT_FINE && go_on)
        status = load_set(&s);
    if (status == EXIT_FINE && go_on)
        status = play(&s);
    if (!report_stream_close(s.stream, &s.result)) /* left open by a mistake on the way */
        status = EXIT_FAULT;
    run_result_release(&s.result);
    for (size_t i = 0; i < s.n_targets; i++)
        target_release(&s.targets[i]);
    free(s.chosen);
    free(s.refserver);
    baseline_free(s.baseline);
    frozen_free(s.frozen);
    scenario_set_release(&s.set);
    run_command_release(&s.command);
    return status;
}
