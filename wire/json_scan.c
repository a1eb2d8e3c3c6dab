/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/json_text.h"

#include "wire/utf8.h"

/*
 * One pass, no recursion, no allocation.  A bit per level tells objects from arrays, so a hostile
 * depth costs nothing.
 */
struct scan {
    const char *start;
    const char *at;
    const char *end;
    unsigned depth; /* containers open now */
    unsigned max_depth;
    struct wire_fault *reterr;
    uint64_t objects[JSON_DEPTH_LIMIT / 64];
};

static enum wire_err fail(struct scan *s, enum wire_err code, const char *at, const char *expected)
{
    if (s->reterr)
        *s->reterr = (struct wire_fault){code, (size_t)(at - s->start), expected};
    return code;
}

static inline void skip_blanks(struct scan *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\n' || *s->at == '\r' || *s->at == '\t'))
        s->at++;
}

static inline bool is_digit(const struct scan *s)
{
    return s->at < s->end && *s->at >= '0' && *s->at <= '9';
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* s->at is on the backslash. */
static enum wire_err scan_escape(struct scan *s)
{
    if (++s->at == s->end)
        return fail(s, WIRE_E_JSON_STRING, s->at, "escape character");
    switch (*s->at++) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        return WIRE_OK;
    case 'u':
        for (int i = 0; i < 4; i++, s->at++)
            if (s->at == s->end || !is_hex(*s->at))
                return fail(s, WIRE_E_JSON_STRING, s->at, "hexadecimal digit");
        return WIRE_OK;
    default:
        return fail(s, WIRE_E_JSON_STRING, s->at - 1, "one of \"\\/bfnrtu after the backslash");
    }
}

/* s->at is on a byte above ASCII; takes all of them that follow. */
static inline enum wire_err scan_multi_byte(struct scan *s)
{
    size_t len;

    do {
        len = utf8_sequence(s->at, s->end);
        if (!len)
            return fail(s, WIRE_E_UTF8, s->at, "UTF-8");
        s->at += len;
    } while (s->at < s->end && (unsigned char)*s->at >= 0x80);
    return WIRE_OK;
}

/* s->at is on the opening quote. */
static enum wire_err scan_string(struct scan *s)
{
    enum wire_err err;

    s->at++;
    for (;;) {
        s->at += utf8_plain_run(s->at, s->end);
        if (s->at == s->end)
            return fail(s, WIRE_E_JSON_STRING, s->at, "closing quote");
        if (*s->at == '"') {
            s->at++;
            return WIRE_OK;
        }
        if (*s->at == '\\') {
            err = scan_escape(s);
            if (err)
                return err;
        } else if ((unsigned char)*s->at < 0x20) {
            return fail(s, WIRE_E_JSON_STRING, s->at, "control character written as an escape");
        } else {
            err = scan_multi_byte(s);
            if (err)
                return err;
        }
    }
}

static inline enum wire_err scan_digits(struct scan *s)
{
    if (!is_digit(s))
        return fail(s, WIRE_E_JSON_NUMBER, s->at, "digit");
    do
        s->at++;
    while (is_digit(s));
    return WIRE_OK;
}

static enum wire_err scan_number(struct scan *s)
{
    enum wire_err err;

    if (*s->at == '-')
        s->at++;
    if (s->at < s->end && *s->at == '0') {
        s->at++;
        if (is_digit(s))
            return fail(s, WIRE_E_JSON_NUMBER, s->at, "no digit after a leading zero");
    } else {
        err = scan_digits(s);
        if (err)
            return err;
    }
    if (s->at < s->end && *s->at == '.') {
        s->at++;
        err = scan_digits(s);
        if (err)
            return err;
    }
    if (s->at < s->end && (*s->at == 'e' || *s->at == 'E')) {
        s->at++;
        if (s->at < s->end && (*s->at == '+' || *s->at == '-'))
            s->at++;
        return scan_digits(s);
    }
    return WIRE_OK;
}

static enum wire_err scan_literal(struct scan *s, const char *word)
{
    for (size_t i = 0; word[i]; i++, s->at++)
        if (s->at == s->end || *s->at != word[i])
            return fail(s, WIRE_E_JSON_SYNTAX, s->at, word);
    return WIRE_OK;
}

static enum wire_err scan_scalar(struct scan *s)
{
    switch (*s->at) {
    case '"':
        return scan_string(s);
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
        return scan_number(s);
    case 't':
        return scan_literal(s, "true");
    case 'f':
        return scan_literal(s, "false");
    case 'n':
        return scan_literal(s, "null");
    case '+':
    case '.':
        return fail(s, WIRE_E_JSON_NUMBER, s->at, "digit or minus");
    default:
        return fail(s, WIRE_E_JSON_SYNTAX, s->at, "value");
    }
}

static inline bool in_object(const struct scan *s)
{
    return s->objects[(s->depth - 1) / 64] >> ((s->depth - 1) % 64) & 1;
}

/* Key and colon; s->at ends before the value. */
static enum wire_err scan_key(struct scan *s)
{
    enum wire_err err;

    skip_blanks(s);
    if (s->at == s->end || *s->at != '"')
        return fail(s, WIRE_E_JSON_SYNTAX, s->at, "member name in quotes");
    err = scan_string(s);
    if (err)
        return err;
    skip_blanks(s);
    if (s->at == s->end || *s->at != ':')
        return fail(s, WIRE_E_JSON_SYNTAX, s->at, "colon");
    s->at++;
    return WIRE_OK;
}

/* s->at is on the bracket.  *ret_value: a value comes next; else the container was empty and is
 * closed again. */
static enum wire_err scan_open(struct scan *s, bool *ret_value)
{
    bool object = *s->at == '{';
    uint64_t bit = (uint64_t)1 << (s->depth % 64);

    if (s->depth == s->max_depth)
        return fail(s, WIRE_E_JSON_DEPTH, s->at, "less nesting");
    if (s->depth % 64 == 0)
        s->objects[s->depth / 64] = 0;
    if (object)
        s->objects[s->depth / 64] |= bit;
    else
        s->objects[s->depth / 64] &= ~bit;
    s->depth++;
    s->at++;
    skip_blanks(s);
    *ret_value = s->at == s->end || *s->at != (object ? '}' : ']');
    if (!*ret_value) {
        s->at++;
        s->depth--;
        return WIRE_OK;
    }
    return object ? scan_key(s) : WIRE_OK;
}

/* After a value: close what ends here.  *ret_value: a comma (and key) was read, so another value
 * comes next. */
static enum wire_err scan_close(struct scan *s, bool *ret_value)
{
    bool object;

    *ret_value = false;
    while (s->depth) {
        object = in_object(s);
        skip_blanks(s);
        if (s->at < s->end && *s->at == ',') {
            s->at++;
            *ret_value = true;
            return object ? scan_key(s) : WIRE_OK;
        }
        if (s->at == s->end || *s->at != (object ? '}' : ']'))
            return fail(s, WIRE_E_JSON_SYNTAX, s->at, object ? "comma or }" : "comma or ]");
        s->at++;
        s->depth--;
    }
    return WIRE_OK;
}

/* One value with the blanks before it. */
static enum wire_err scan_value(struct scan *s)
{
    enum wire_err err;
    bool more = true;

    while (more) {
        skip_blanks(s);
        if (s->at == s->end)
            return fail(s, WIRE_E_JSON_SYNTAX, s->at, "value");
        if (*s->at == '{' || *s->at == '[') {
            err = scan_open(s, &more);
            if (err)
                return err;
            if (more)
                continue;
        } else {
            err = scan_scalar(s);
            if (err)
                return err;
        }
        err = scan_close(s, &more);
        if (err)
            return err;
    }
    return WIRE_OK;
}

static void scan_start(struct scan *s, struct slice text, size_t at, unsigned max_depth,
                       struct wire_fault *reterr)
{
    /* Not an initialiser: that would clear all the level bits, and most texts need few of them. */
    s->start = text.len ? text.ptr : "";
    s->at = s->start + at;
    s->end = s->start + text.len;
    s->depth = 0;
    s->max_depth = max_depth < JSON_DEPTH_LIMIT ? max_depth : JSON_DEPTH_LIMIT;
    s->reterr = reterr;
}

enum wire_err json_scan_value(struct slice text, size_t at, unsigned max_depth, size_t *ret_end,
                              struct wire_fault *reterr)
{
    struct scan s;
    enum wire_err err;

    scan_start(&s, text, at, max_depth, reterr);
    err = scan_value(&s);
    if (!err)
        *ret_end = (size_t)(s.at - s.start);
    return err;
}

enum wire_err json_scan(struct slice text, unsigned max_depth, struct wire_fault *reterr)
{
    struct scan s;
    enum wire_err err;

    scan_start(&s, text, 0, max_depth, reterr);
    err = scan_value(&s);
    if (err)
        return err;
    skip_blanks(&s);
    if (s.at != s.end)
        return fail(&s, WIRE_E_JSON_TRAILING, s.at, "end of text");
    return WIRE_OK;
}
