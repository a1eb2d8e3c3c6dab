/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "harness/forms.h"
#include "harness/steps.h"
#include "wire/base64.h"
#include "wire/xmalloc.h"

enum { MAX_BYTES = 16 << 20, MAX_ATTACHMENTS = 64 };

/* Every sending step needs a connection; without one it fails like an expectation. */
static bool can_send(struct step_run *run)
{
    struct finding f = {.journal_at = -1};

    if (peer_can_send(run->peer))
        return true;
    f.reason = peer_trouble(run->peer);
    step_fail(run, &f);
    return false;
}

static bool expand(struct step_run *run, const struct json_node *node, struct buf *out)
{
    struct template_env env = instance_env(run->inst);
    char *missing = NULL;

    if (!node || template_expand(node, &env, out, &missing))
        return true;
    step_lacks(run, xasprintf("{%s} has no value", missing));
    free(missing);
    return false;
}

/* ---- attachments ---- */

struct attachments {
    struct slice items[MAX_ATTACHMENTS];
    struct buf bytes[MAX_ATTACHMENTS];
    unsigned n;
};

static void attachments_read(struct step_run *run, struct attachments *a)
{
    const struct json_node *list = step_attribute(run, "attachments");

    a->n = 0;
    for (const struct json_node *m = list ? list->first : NULL; m && a->n < MAX_ATTACHMENTS;
         m = m->next) {
        size_t len, offset;
        char *text = json_node_str(m, &len);

        buf_init(&a->bytes[a->n], MAX_BYTES);
        if (text && !base64_decode(&a->bytes[a->n], slice_of(text, len), &offset))
            buf_clear(&a->bytes[a->n]);
        free(text);
        a->items[a->n] = buf_slice(&a->bytes[a->n]);
        a->n++;
    }
}

static void attachments_release(struct attachments *a)
{
    for (unsigned i = 0; i < a->n; i++)
        buf_release(&a->bytes[i]);
}

/* ---- ack patterns ---- */

struct matcher *step_own_matcher(struct step_run *run, const char *text)
{
    if (json_doc_parse(slice_str(text), JSON_DEPTH_LIMIT, &run->doc, NULL) != WIRE_OK) {
        step_error(run, xasprintf("internal: malformed pattern %s", text));
        return NULL;
    }
    return step_matcher(run, json_doc_root(run->doc));
}

/* What the ack must be: the attribute (word or pattern), else the word `otherwise`; NULL `otherwise`: anything. */
static void prepare_ack(struct step_run *run, const char *otherwise)
{
    const struct json_node *ack = step_attribute(run, "ack");
    char *word = ack && ack->type == JSON_STRING ? json_node_str(ack, NULL) : NULL;
    const char *text;

    if (step_branches(run))
        return;
    if (ack && !word) {
        run->match = step_matcher(run, ack);
        return;
    }
    text = word ? word : otherwise;
    if (text && strcmp(text, "any") != 0) {
        text = form_ack_pattern(text, run->inst->plan->revision);
        if (text)
            run->match = step_own_matcher(run, text);
    }
    free(word);
}

static bool flag(const struct step_run *run, const char *name)
{
    const struct json_node *node = step_attribute(run, name);

    return node && node->type == JSON_TRUE;
}

/* ---- what is not ours ---- */

struct origin {
    const struct step_run *run;
    bool foreign;
};

static void on_name(void *user, const char *name, const struct json_node *at)
{
    struct origin *origin = user;
    struct slice first = slice_of(name, strcspn(name, "."));
    const struct instance *inst = origin->run->inst;

    (void)at;
    origin->foreign |= slice_is(first, "request");
    for (int i = 0; i < inst->n_runs && !origin->foreign; i++) {
        const struct json_node *capture = step_attribute(&inst->runs[i], "capture"), *m;
        const struct json_node *request = step_attribute(&inst->runs[i], "request");

        origin->foreign |= request && json_string_is(request->text, first);
        for (m = capture ? capture->first : NULL; m; m = m->next)
            origin->foreign |= json_string_is(m->key, first);
    }
}

/* Marked, or made of what the target has said: then its form is no fault of ours. */
static bool may_be_malformed(const struct step_run *run)
{
    static const char *const sources[] = {"data", "args", "with"};
    struct origin origin = {run, flag(run, "malformed")};

    for (size_t i = 0; i < ARRAY_LEN(sources); i++)
        if (step_attribute(run, sources[i]))
            template_references(step_attribute(run, sources[i]), on_name, &origin);
    return origin.foreign;
}

static void send_event(struct step_run *run, const char *event, const struct buf *args,
                       bool ask_ack)
{
    char *label = json_node_str(step_attribute(run, "call"), NULL);
    char *nsp = step_text(run, "namespace");
    struct attachments attachments;
    struct outgoing out = {.nsp = nsp,
                           .event = event,
                           .args = buf_slice(args),
                           .ask_ack = ask_ack,
                           .label = label,
                           .malformed = may_be_malformed(run)};

    if (run->state == STEP_DONE || args->overflow)
        goto out;
    attachments_read(run, &attachments);
    out.attachments = attachments.items;
    out.n_attachments = attachments.n;
    run->inst->sender = run;
    run->sent = peer_emit(run->peer, &out);
    run->inst->sender = NULL;
    attachments_release(&attachments);
    if (label)
        step_pass(run);
out:
    free(label);
    free(nsp);
}

/* ---- payloads ---- */

static void member(struct buf *out, const char *name, const char *value)
{
    buf_append_ch(out, out->len == 0 ? '{' : ',');
    buf_append_json_string(out, slice_str(name));
    buf_append_ch(out, ':');
    buf_append_json_string(out, slice_str(value));
}

/* A default member, unless `with` brings its own. */
static void default_member(struct buf *out, const struct json_node *with, const char *name,
                           const char *value)
{
    if (!json_get(with, name) && value)
        member(out, name, value);
}

/* Append the members of `with` and close the object. */
static bool with_members(struct step_run *run, const struct json_node *with, struct buf *out)
{
    struct buf text;

    buf_init(&text, MAX_BYTES);
    if (!expand(run, with, &text)) {
        buf_release(&text);
        return false;
    }
    if (out->len == 0)
        buf_append_ch(out, '{');
    if (with && with->count > 0) {
        if (out->len > 1)
            buf_append_ch(out, ',');
        buf_append_slice(out, slice_of(text.data + 1, text.len - 2));
    }
    buf_append_ch(out, '}');
    buf_release(&text);
    return true;
}

/* The real id of the step's office, or of the one the actor is in.  Caller frees; NULL: none. */
static char *office_of(struct step_run *run)
{
    char *symbol = json_node_str(step_attribute(run, "office"), NULL);
    char *real = NULL;

    if (symbol)
        real = vars_unique(&run->inst->vars, symbol);
    else if (run->peer->office)
        real = xstrdup(run->peer->office);
    else if (run->peer->last_office)
        real = xstrdup(run->peer->last_office);
    else if (run->peer->asked_office)
        real = xstrdup(run->peer->asked_office);
    free(symbol);
    return real;
}

static const char *role_of(const struct step_run *run, const char *given)
{
    if (given)
        return given;
    if (run->peer->spec->role == ACTOR_RAW)
        return run->peer->role ? run->peer->role : "agent";
    return run->peer->spec->role == ACTOR_AGENT ? "agent" : "computer";
}

void join_start(struct step_run *run)
{
    const struct json_node *with = step_attribute(run, "with");
    char *office = office_of(run);
    char *name = step_text(run, "name");
    char *role = json_node_str(step_attribute(run, "role"), NULL);
    struct buf args;

    buf_init(&args, MAX_BYTES);
    prepare_ack(run, "success");
    if (run->state == STEP_DONE || !can_send(run))
        goto out;
    default_member(&args, with, "role", role_of(run, role));
    default_member(&args, with, "name", name ? name : run->peer->name);
    default_member(&args, with, "office_id", office);
    if (with_members(run, with, &args)) {
        send_event(run, "server:join_office", &args, true);
        free(run->peer->asked_office);
        run->peer->asked_office = office;
        office = NULL;
    }
out:
    free(office);
    free(name);
    free(role);
    buf_release(&args);
}

void leave_start(struct step_run *run)
{
    const struct json_node *with = step_attribute(run, "with");
    char *office = office_of(run);
    struct buf args;

    buf_init(&args, MAX_BYTES);
    prepare_ack(run, "success");
    if (run->state == STEP_DONE || !can_send(run))
        goto out;
    default_member(&args, with, "office_id", office);
    if (with_members(run, with, &args))
        send_event(run, "server:leave_office", &args, true);
out:
    free(office);
    buf_release(&args);
}

/* The members of `data` that `with` does not replace, and then those of `with`. */
static bool data_with(struct step_run *run, const struct json_node *data,
                      const struct json_node *with, struct buf *out)
{
    struct slice object, key, value;
    struct json_cursor c;
    struct buf text;
    bool ok;

    buf_init(&text, MAX_BYTES);
    ok = expand(run, data, &text);
    object = buf_slice(&text);
    if (ok && !json_cursor_object(&c, object)) {
        step_error(run, xstrdup("`with` needs `data` that is an object"));
        ok = false;
    }
    while (ok && json_next(&c, &key, &value)) {
        char *name = xstrndup_slice(slice_of(key.ptr + 1, key.len - 2));

        if (!json_get(with, name)) {
            buf_append_ch(out, out->len == 0 ? '{' : ',');
            buf_append_slice(out, key);
            buf_append_ch(out, ':');
            buf_append_slice(out, value);
        }
        free(name);
    }
    buf_release(&text);
    return ok && with_members(run, with, out);
}

/* `args` is the argument list; `data` the one argument. */
static bool event_args(struct step_run *run, struct buf *out)
{
    const struct json_node *args = step_attribute(run, "args");
    const struct json_node *data = step_attribute(run, "data");
    const struct json_node *with = step_attribute(run, "with");

    if (!args)
        return data && with ? data_with(run, data, with, out) : expand(run, data, out);
    if (!expand(run, args, out))
        return false;
    memmove(out->data, out->data + 1, out->len - 2); /* without its brackets */
    out->len -= 2;
    return true;
}

void emit_start(struct step_run *run)
{
    bool waits = step_attribute(run, "ack") || step_attribute(run, "one_of") || run->step->observe;
    char *event = step_text(run, "event");
    struct buf args;

    buf_init(&args, MAX_BYTES);
    if (!event)
        goto out;
    prepare_ack(run, NULL);
    if (run->state == STEP_DONE || !can_send(run))
        goto out;
    if (event_args(run, &args))
        send_event(run, event, &args, waits || step_attribute(run, "call"));
    if (!waits && run->state == STEP_RUNNING)
        step_pass(run);
out:
    free(event);
    buf_release(&args);
}

void list_start(struct step_run *run)
{
    const struct json_node *sessions = step_attribute(run, "sessions");
    char *office = office_of(run);
    char *req_id = step_text(run, "req_id");
    struct buf args;

    buf_init(&args, MAX_BYTES);
    if (run->state == STEP_DONE || !can_send(run))
        goto out;
    if (!req_id)
        req_id = xasprintf("list-%s-%d", run->inst->vars.tag, run->index);
    if (step_attribute(run, "ack") || step_attribute(run, "call") ||
        step_attribute(run, "one_of")) {
        prepare_ack(run, NULL);
    } else {
        char *pattern = sessions ? form_sessions_pattern(run->inst->sc, sessions, req_id)
                                 : xstrdup("[{\"sessions\":{\"$type\":\"array\"}}]");

        run->match = step_own_matcher(run, pattern);
        free(pattern);
    }
    if (run->state == STEP_DONE)
        goto out;
    member(&args, "agent", run->peer->joined_as ? run->peer->joined_as : run->peer->name);
    member(&args, "req_id", req_id);
    member(&args, "office_id", office ? office : "");
    buf_append_ch(&args, '}');
    send_event(run, "server:list_room", &args, true);
out:
    free(office);
    free(req_id);
    buf_release(&args);
}

/* ---- answering ---- */

/* The item that a `receives` of this actor took under that label, -1. */
static int request_item(const struct step_run *run, const char *label)
{
    int found = -1;

    for (int i = 0; i < run->index; i++) {
        const struct step_run *other = &run->inst->runs[i];
        char *name;

        if (other->peer != run->peer || other->last_item < 0)
            continue;
        name = json_node_str(step_attribute(other, "request"), NULL);
        if (name && strcmp(name, label) == 0)
            found = other->last_item;
        free(name);
    }
    return found;
}

void ack_start(struct step_run *run)
{
    char *label = json_node_str(step_attribute(run, "request"), NULL);
    const struct json_node *args = step_attribute(run, "args");
    int at = label ? request_item(run, label) : -1;
    struct attachments attachments;
    struct finding f = {.journal_at = -1};
    struct slice first = slice_of(NULL, 0);
    struct outgoing ack = {.malformed = may_be_malformed(run)};
    struct buf out;

    buf_init(&out, MAX_BYTES);
    if (at >= 0)
        first = item_first(&run->peer->inbox[at]);
    vars_set(&run->inst->vars, "request", first.len > 0 ? first : slice_str("null"));
    if (!can_send(run) || !expand(run, args, &out))
        goto out;
    if (at < 0 || run->peer->inbox[at].id == SIO_NO_ID) {
        f.reason =
            at < 0
                ? xasprintf("the request `%s` has not come", label ? label : "")
                : xasprintf("the request `%s` came without an id: nobody waits for its ack", label);
        step_fail(run, &f);
        goto out;
    }
    attachments_read(run, &attachments);
    ack.args = out.len >= 2 ? slice_of(out.data + 1, out.len - 2) : slice_of(NULL, 0);
    ack.attachments = attachments.items;
    ack.n_attachments = attachments.n;
    run->inst->sender = run;
    peer_ack(run->peer, &run->peer->inbox[at], &ack);
    run->inst->sender = NULL;
    attachments_release(&attachments);
    if (!step_capture(run, out.len >= 2 ? buf_slice(&out) : slice_str("[]"), &f))
        step_fail(run, &f);
out:
    free(label);
    buf_release(&out);
}

static uint64_t number_attribute(const struct step_run *run, const char *name)
{
    const struct json_node *node = step_attribute(run, name);
    int64_t value;

    return node && json_number_i64(node->text, &value) && value > 0 ? (uint64_t)value : 0;
}

void answer_start(struct step_run *run)
{
    struct answer_rule rule = {.args = step_attribute(run, "args"),
                               .event = step_text(run, "event"),
                               .delay_ms = (uint32_t)number_attribute(run, "delay_ms"),
                               .never = flag(run, "never"),
                               .malformed = may_be_malformed(run),
                               .times = (unsigned)number_attribute(run, "times")};

    if (rule.event)
        peer_add_rule(run->peer, &rule);
}

/* ---- rude ---- */

void send_packet_start(struct step_run *run)
{
    char *text = step_text(run, "text");
    struct attachments attachments;

    if (text && can_send(run)) {
        attachments_read(run, &attachments);
        peer_send_packet(run->peer, slice_str(text), attachments.items, attachments.n);
        attachments_release(&attachments);
    }
    free(text);
}

/* base64 text -> bytes; false after step_error. */
static bool decode(struct step_run *run, const char *text, struct buf *out)
{
    size_t offset;

    if (base64_decode(out, slice_str(text), &offset))
        return true;
    step_error(run, xstrdup("not base64"));
    return false;
}

void send_engine_start(struct step_run *run)
{
    const struct json_node *binary = step_attribute(run, "binary");
    char *text = step_text(run, "text");
    struct buf bytes;

    buf_init(&bytes, MAX_BYTES);
    if (text && can_send(run)) {
        if (!binary || binary->type != JSON_TRUE)
            peer_send_engine(run->peer, slice_str(text), false);
        else if (decode(run, text, &bytes))
            peer_send_engine(run->peer, buf_slice(&bytes), true);
    }
    free(text);
    buf_release(&bytes);
}

void send_bytes_start(struct step_run *run)
{
    char *base64 = step_text(run, "base64");
    char *text = step_text(run, "text");
    struct finding f = {.journal_at = -1};
    struct buf bytes;

    buf_init(&bytes, MAX_BYTES);
    if (run->state == STEP_DONE || !can_send(run))
        goto out;
    if (text)
        buf_append_str(&bytes, text);
    if (base64 && !decode(run, base64, &bytes))
        goto out;
    if (!peer_send_bytes(run->peer, buf_slice(&bytes))) {
        f.reason = xstrdup("raw bytes need a WebSocket connection");
        step_fail(run, &f);
    }
out:
    free(base64);
    free(text);
    buf_release(&bytes);
}
