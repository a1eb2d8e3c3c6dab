/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/internal.h"

enum { MAX_HEADERS = 12 };

/* Codes and texts are those of Engine.IO; the last three rows are no codes of it and use the nearest. */
static const struct {
    int status;
    const char *json;
} refusals[] = {
    [REFUSE_TRANSPORT] = {400, "{\"code\":0,\"message\":\"Transport unknown\"}"},
    [REFUSE_SID] = {400, "{\"code\":1,\"message\":\"Session ID unknown\"}"},
    [REFUSE_METHOD] = {400, "{\"code\":2,\"message\":\"Bad handshake method\"}"},
    [REFUSE_BAD] = {400, "{\"code\":3,\"message\":\"Bad request\"}"},
    [REFUSE_FORBIDDEN] = {403, "{\"code\":4,\"message\":\"Forbidden\"}"},
    [REFUSE_PROTOCOL] = {400, "{\"code\":5,\"message\":\"Unsupported protocol version\"}"},
    [REFUSE_NOT_FOUND] = {404, "{\"code\":3,\"message\":\"Not found\"}"},
    [REFUSE_TOO_LARGE] = {413, "{\"code\":3,\"message\":\"Payload too large\"}"},
    [REFUSE_FULL] = {503, "{\"code\":4,\"message\":\"Too many sessions\"}"},
};

void refusal_fill(enum refusal why, struct http_response *ret_response)
{
    *ret_response = (struct http_response){
        .status = refusals[why].status,
        .content_type = "application/json",
        .body = slice_str(refusals[why].json),
    };
}

/* From now on nobody waits for this request. */
static void detach(struct request *req)
{
    if (req->conn && req->conn->get == req)
        req->conn->get = NULL;
    if (req->conn && req->conn->post == req)
        req->conn->post = NULL;
    req->conn = NULL;
    req->kind = REQUEST_ANSWERED;
    buf_release(&req->body);
}

void request_respond(struct request *req, const struct http_response *response, bool cut)
{
    const char *origin = req->endpoint ? req->endpoint->config.cors_origin : NULL;
    struct net_header headers[MAX_HEADERS];
    struct http_response full = *response;

    if (origin && response->n_headers + 2 <= MAX_HEADERS) {
        for (unsigned i = 0; i < response->n_headers; i++)
            headers[i] = response->headers[i];
        headers[full.n_headers++] = (struct net_header){"Access-Control-Allow-Origin", origin};
        if (strcmp(origin, "*") != 0)
            headers[full.n_headers++] = (struct net_header){"Vary", "Origin"};
        full.headers = headers;
    }
    detach(req);
    if (cut)
        http_exchange_respond_close(req->x, &full);
    else
        http_exchange_respond(req->x, &full);
}

void request_refuse(struct request *req, enum refusal why)
{
    struct http_response response;
    /* Nobody waits for the rest of a body that is refused while it comes. */
    bool cut = why == REFUSE_TOO_LARGE || req->kind == REQUEST_POST;

    refusal_fill(why, &response);
    request_respond(req, &response, cut);
}

void request_answer(struct request *req, const char *content_type, struct slice body)
{
    static const struct net_header no_store = {"Cache-Control", "no-store"};
    const struct http_response response = {
        .status = 200,
        .content_type = content_type,
        .headers = &no_store,
        .n_headers = 1,
        .body = body,
    };

    request_respond(req, &response, false);
}

void request_preflight(struct request *req, const struct http_request *r)
{
    struct net_header headers[] = {
        {"Access-Control-Allow-Methods", "GET, POST, OPTIONS"},
        {"Access-Control-Max-Age", "600"},
        {"Access-Control-Allow-Headers", NULL},
    };
    struct http_response response = {.status = 204, .headers = headers, .n_headers = 2};
    struct buf asked;
    struct slice value;

    if (!req->endpoint->config.cors_origin) {
        request_refuse(req, REFUSE_METHOD);
        return;
    }
    buf_init(&asked, 4096);
    if (http_request_header(r, "access-control-request-headers", &value)) {
        buf_append_slice(&asked, value);
        buf_append_ch(&asked, '\0');
        if (!asked.overflow) {
            headers[2].value = asked.data;
            response.n_headers = 3;
        }
    }
    request_respond(req, &response, false);
    buf_release(&asked);
}
