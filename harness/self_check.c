/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/self_check.h"

#include <stdlib.h>
#include <string.h>

#include "smcp/schema.h"
#include "wire/limits.h"
#include "wire/xmalloc.h"

static const struct schema *schema_of(const struct peer *p, const char *event, const char *what)
{
    return schema_of_event(p->host->schemas, p->host->revision, event, what);
}

/* Takes what `miss` holds. */
static char *told(const struct peer *p, const char *event, const char *what,
                  struct schema_miss *miss)
{
    char *text =
        xasprintf("%s sent %s%s that breaks its schema%s%s: %s; `malformed` is for what is "
                  "meant to be so",
                  p->spec->name, what, event, miss->pointer && *miss->pointer ? " at " : "",
                  miss->pointer ? miss->pointer : "", miss->text);

    schema_miss_release(miss);
    return text;
}

static char *undecodable(const struct peer *p, const char *event)
{
    return xasprintf("%s sent %s as a packet that is not what was meant", p->spec->name, event);
}

static bool decode(struct slice text, struct sio_packet *ret)
{
    struct sio_limits limits = {WIRE_MAX_JSON_DEPTH, WIRE_MAX_ATTACHMENTS};

    return sio_packet_decode(text, &limits, ret, NULL) == WIRE_OK;
}

char *self_check_event(const struct peer *p, const struct outgoing *out,
                       const struct sent_event *sent, struct slice packet)
{
    const struct schema *schema = schema_of(p, sent->event, "request");
    struct slice first = args_first(slice_of(sent->args, sent->args_len));
    struct schema_miss miss = {0};
    struct sio_packet decoded;

    if (out->malformed)
        return NULL;
    if (!decode(packet, &decoded) || decoded.id != sent->id || !slice_is(decoded.nsp, sent->nsp) ||
        decoded.attachments != out->n_attachments ||
        decoded.type != (out->n_attachments ? SIO_BINARY_EVENT : SIO_EVENT))
        return undecodable(p, sent->event);
    if (!schema || strcmp(sent->nsp, "/smcp") != 0)
        return NULL;
    if (decoded.n_args != 1)
        return xasprintf("%s sent %s with %u arguments, and it has one; `malformed` is for what is "
                         "meant to be so",
                         p->spec->name, sent->event, decoded.n_args);
    return schema_valid(schema, first, &miss) ? NULL : told(p, sent->event, "", &miss);
}

/* What refuses a request is an answer too. */
static bool is_error(const struct peer *p, struct slice args)
{
    const struct schema *schema = schema_find(p->host->schemas, p->host->revision, "error_payload");
    struct schema_miss miss = {0};
    bool valid = schema && args.len > 0 && schema_valid(schema, args_first(args), &miss);

    schema_miss_release(&miss);
    return valid;
}

char *self_check_ack(const struct peer *p, const struct inbox_item *request, struct slice packet,
                     bool malformed)
{
    const struct schema *schema = request->event ? schema_of(p, request->event, "ack") : NULL;
    struct schema_miss miss = {0};
    struct sio_packet decoded;
    char *args, *text = NULL;

    if (malformed)
        return NULL;
    if (!decode(packet, &decoded) || decoded.id != request->id)
        return undecodable(p, "an ack");
    if (!schema || strncmp(request->event, "client:", 7) != 0)
        return NULL;
    args = xasprintf("[%.*s]", (int)decoded.args.len, decoded.args.ptr ? decoded.args.ptr : "");
    if (!(decoded.n_args == 1 && is_error(p, slice_of(args, decoded.args.len + 2))) &&
        !schema_valid(schema, slice_of(args, decoded.args.len + 2), &miss))
        text = told(p, request->event, "an ack to ", &miss);
    free(args);
    return text;
}
