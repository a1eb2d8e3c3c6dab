/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http_head.h"

#include <string.h>
#include <strings.h>

enum { MAX_LENGTH_DIGITS = 18 };

/* ---- bytes ---- */

static bool is_token(struct slice s)
{
    static const char marks[] = "!#$%&'*+-.^_`|~";

    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        bool alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');

        if (!alnum && (c == 0 || !strchr(marks, c)))
            return false;
    }
    return s.len > 0;
}

static bool has_control(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];

        if ((c < ' ' && c != '\t') || c == 0x7f)
            return true;
    }
    return false;
}

static struct slice trim(struct slice s)
{
    while (s.len > 0 && (s.ptr[0] == ' ' || s.ptr[0] == '\t')) {
        s.ptr++;
        s.len--;
    }
    while (s.len > 0 && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t'))
        s.len--;
    return s;
}

/* Split off what comes before `c`; false (nothing changed) when there is none. */
static bool take_until(struct slice *s, char c, struct slice *ret_part)
{
    const char *at = s->len ? memchr(s->ptr, c, s->len) : NULL;

    if (!at)
        return false;
    *ret_part = slice_of(s->ptr, (size_t)(at - s->ptr));
    s->len -= ret_part->len + 1;
    s->ptr = at + 1;
    return true;
}

bool http_equal_nocase(struct slice a, const char *b)
{
    return a.len == strlen(b) && strncasecmp(a.ptr, b, a.len) == 0;
}

size_t http_head_len(struct slice bytes, size_t *scanned)
{
    size_t from = *scanned > 2 ? *scanned - 2 : 0;
    const char *end = bytes.ptr + bytes.len;
    const char *at = from < bytes.len ? bytes.ptr + from : end;

    *scanned = bytes.len;
    while (at < end && (at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        at++;
        if (at < end && *at == '\n')
            return (size_t)(at - bytes.ptr) + 1;
        if (end - at >= 2 && at[0] == '\r' && at[1] == '\n')
            return (size_t)(at - bytes.ptr) + 2;
    }
    return 0;
}

/* ---- fields ---- */

const struct slice *http_head_find(const struct http_head *head, const char *name)
{
    for (unsigned i = 0; i < head->n_fields; i++) {
        if (http_equal_nocase(head->fields[i].name, name))
            return &head->fields[i].value;
    }
    return NULL;
}

static bool list_has(struct slice list, const char *token)
{
    struct slice part;

    while (take_until(&list, ',', &part)) {
        if (http_equal_nocase(trim(part), token))
            return true;
    }
    return http_equal_nocase(trim(list), token);
}

bool http_head_has_token(const struct http_head *head, const char *name, const char *token)
{
    for (unsigned i = 0; i < head->n_fields; i++) {
        if (http_equal_nocase(head->fields[i].name, name) && list_has(head->fields[i].value, token))
            return true;
    }
    return false;
}

static int parse_field(struct http_head *head, struct slice line)
{
    struct slice name;

    /* A folded line begins with a blank, which is no token: refused with the rest. */
    if (!take_until(&line, ':', &name) || !is_token(name))
        return 400;
    line = trim(line);
    if (has_control(line))
        return 400;
    if (head->n_fields == HTTP_MAX_FIELDS)
        return 431;
    head->fields[head->n_fields++] = (struct http_field){name, line};
    return 0;
}

static int parse_length(struct http_head *head, struct slice text)
{
    uint64_t value = 0;

    if (text.len == 0 || text.len > MAX_LENGTH_DIGITS)
        return 400;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return 400;
        value = value * 10 + (uint64_t)(text.ptr[i] - '0');
    }
    if (head->has_length && head->length != value)
        return 400;
    head->has_length = true;
    head->length = value;
    return 0;
}

/* Two readers that disagree on where a message ends are how requests are smuggled: what is ambiguous is refused. */
static int parse_framing(struct http_head *head)
{
    for (unsigned i = 0; i < head->n_fields; i++) {
        const struct http_field *field = &head->fields[i];
        int rc = 0;

        if (http_equal_nocase(field->name, "content-length")) {
            rc = parse_length(head, field->value);
        } else if (http_equal_nocase(field->name, "transfer-encoding")) {
            rc = http_equal_nocase(field->value, "chunked") && !head->chunked ? 0 : 501;
            head->chunked = true;
        }
        if (rc)
            return rc;
    }
    if (head->chunked && head->has_length)
        return 400;
    head->keep_alive = head->minor >= 1 ? !http_head_has_token(head, "connection", "close")
                                        : http_head_has_token(head, "connection", "keep-alive");
    return 0;
}

static bool take_line(struct slice *bytes, struct slice *ret_line)
{
    struct slice line;

    if (!take_until(bytes, '\n', &line) || line.len == 0 || line.ptr[line.len - 1] != '\r')
        return false;
    line.len--;
    *ret_line = line;
    return true;
}

static int parse_fields(struct http_head *head, struct slice bytes)
{
    struct slice line;

    while (take_line(&bytes, &line)) {
        int rc;

        if (line.len == 0)
            return parse_framing(head);
        rc = parse_field(head, line);
        if (rc)
            return rc;
    }
    return 400;
}

/* ---- first lines ---- */

static bool parse_version(struct http_head *head, struct slice text)
{
    if (slice_is(text, "HTTP/1.1"))
        head->minor = 1;
    else if (slice_is(text, "HTTP/1.0"))
        head->minor = 0;
    else
        return false;
    return true;
}

/* "http://host/path" is legal toward a server too. */
static struct slice without_origin(struct slice target)
{
    const char *slash;

    if (target.len < 7 || strncasecmp(target.ptr, "http://", 7) != 0)
        return target;
    slash = memchr(target.ptr + 7, '/', target.len - 7);
    return slash ? slice_of(slash, target.len - (size_t)(slash - target.ptr)) : slice_str("/");
}

int http_head_parse_request(struct http_head *head, struct slice bytes)
{
    struct slice line;
    struct slice target;

    *head = (struct http_head){0};
    while (bytes.len >= 2 && bytes.ptr[0] == '\r' && bytes.ptr[1] == '\n') {
        bytes.ptr += 2;
        bytes.len -= 2;
    }
    if (!take_line(&bytes, &line) || !take_until(&line, ' ', &head->method) ||
        !take_until(&line, ' ', &target))
        return 400;
    if (!is_token(head->method) || target.len == 0 || has_control(target))
        return 400;
    if (!parse_version(head, line))
        return line.len > 5 && memcmp(line.ptr, "HTTP/", 5) == 0 ? 505 : 400;
    target = without_origin(target);
    head->query = slice_of("", 0);
    if (take_until(&target, '?', &head->path))
        head->query = target;
    else
        head->path = target;
    return parse_fields(head, bytes);
}

int http_head_parse_answer(struct http_head *head, struct slice bytes)
{
    struct slice line;
    struct slice version;

    *head = (struct http_head){0};
    if (!take_line(&bytes, &line) || !take_until(&line, ' ', &version) ||
        !parse_version(head, version))
        return 400;
    if (line.len < 3 || (line.len > 3 && line.ptr[3] != ' '))
        return 400;
    for (size_t i = 0; i < 3; i++) {
        if (line.ptr[i] < '0' || line.ptr[i] > '9')
            return 400;
        head->status = head->status * 10 + (line.ptr[i] - '0');
    }
    if (head->status < 100)
        return 400;
    return parse_fields(head, bytes) ? 400 : 0;
}

/* ---- bodies ---- */

enum chunk_state {
    CHUNK_SIZE,
    CHUNK_EXTENSION,
    CHUNK_SIZE_LF,
    CHUNK_DATA,
    CHUNK_DATA_CR,
    CHUNK_DATA_LF,
    CHUNK_TRAILER, /* at the start of a line */
    CHUNK_TRAILER_LINE,
    CHUNK_TRAILER_LF,
    CHUNK_LAST_LF,
    CHUNK_DONE,
};

enum { MAX_SIZE_DIGITS = 15 };

void http_body_init(struct http_body *body, enum http_body_kind kind, uint64_t length)
{
    *body = (struct http_body){.kind = kind, .left = kind == HTTP_BODY_LENGTH ? length : 0};
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static bool size_byte(struct http_body *body, char c)
{
    int value = hex_value(c);

    if (value >= 0) {
        body->left = body->left * 16 + (uint64_t)value;
        return ++body->digits <= MAX_SIZE_DIGITS;
    }
    if (body->digits == 0)
        return false;
    if (c == '\r')
        body->state = CHUNK_SIZE_LF;
    else if (c == ';' || c == ' ' || c == '\t')
        body->state = CHUNK_EXTENSION;
    else
        return false;
    return true;
}

/* One byte of everything but the data.  False: malformed. */
static bool frame_byte(struct http_body *body, char c)
{
    switch ((enum chunk_state)body->state) {
    case CHUNK_SIZE:
        return size_byte(body, c);
    case CHUNK_EXTENSION:
        if (c == '\r')
            body->state = CHUNK_SIZE_LF;
        return ++body->extra <= HTTP_MAX_CHUNK_EXTRA && c != '\n';
    case CHUNK_SIZE_LF:
        body->state = body->left ? CHUNK_DATA : CHUNK_TRAILER;
        return c == '\n';
    case CHUNK_DATA_CR:
        body->state = CHUNK_DATA_LF;
        return c == '\r';
    case CHUNK_DATA_LF:
        body->state = CHUNK_SIZE;
        body->digits = 0;
        return c == '\n';
    case CHUNK_TRAILER:
        body->state = c == '\r' ? CHUNK_LAST_LF : CHUNK_TRAILER_LINE;
        return c != '\n';
    case CHUNK_TRAILER_LINE:
        if (c == '\r')
            body->state = CHUNK_TRAILER_LF;
        return ++body->extra <= HTTP_MAX_CHUNK_EXTRA && c != '\n';
    case CHUNK_TRAILER_LF:
        body->state = CHUNK_TRAILER;
        return c == '\n';
    case CHUNK_LAST_LF:
        body->state = CHUNK_DONE;
        return c == '\n';
    case CHUNK_DATA:
    case CHUNK_DONE:
        break;
    }
    return false;
}

static enum http_body_step take_data(struct http_body *body, struct slice bytes, size_t *used,
                                     struct slice *piece)
{
    size_t n = body->left < bytes.len ? (size_t)body->left : bytes.len;

    body->left -= n;
    *used += n;
    *piece = slice_of(bytes.ptr, n);
    return HTTP_BODY_DATA;
}

static enum http_body_step feed_chunked(struct http_body *body, struct slice bytes, size_t *used,
                                        struct slice *piece)
{
    while (*used < bytes.len && body->state != CHUNK_DONE) {
        if (body->state == CHUNK_DATA) {
            enum http_body_step step =
                take_data(body, slice_of(bytes.ptr + *used, bytes.len - *used), used, piece);

            if (body->left == 0)
                body->state = CHUNK_DATA_CR;
            return step;
        }
        if (!frame_byte(body, bytes.ptr[*used]))
            return HTTP_BODY_BAD;
        ++*used;
    }
    return body->state == CHUNK_DONE ? HTTP_BODY_END : HTTP_BODY_MORE;
}

enum http_body_step http_body_feed(struct http_body *body, struct slice bytes, size_t *used,
                                   struct slice *piece)
{
    *used = 0;
    switch (body->kind) {
    case HTTP_BODY_LENGTH:
        if (body->left == 0)
            return HTTP_BODY_END;
        return bytes.len ? take_data(body, bytes, used, piece) : HTTP_BODY_MORE;
    case HTTP_BODY_CHUNKED:
        return feed_chunked(body, bytes, used, piece);
    case HTTP_BODY_UNTIL_CLOSE:
        break;
    }
    if (!bytes.len)
        return HTTP_BODY_MORE;
    *used = bytes.len;
    *piece = bytes;
    return HTTP_BODY_DATA;
}

/* ---- words ---- */

const char *http_reason(int status)
{
    static const struct {
        int status;
        const char *text;
    } reasons[] = {
        {100, "Continue"},
        {101, "Switching Protocols"},
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {304, "Not Modified"},
        {307, "Temporary Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {417, "Expectation Failed"},
        {422, "Unprocessable Content"},
        {426, "Upgrade Required"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
    };

    for (unsigned i = 0; i < ARRAY_LEN(reasons); i++) {
        if (reasons[i].status == status)
            return reasons[i].text;
    }
    return "Unknown";
}
