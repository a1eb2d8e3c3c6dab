/* SPDX-License-Identifier: Apache-2.0 */
#include "refserver/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "smcp/suggest.h"
#include "wire/limits.h"
#include "wire/xmalloc.h"

enum option_id {
#define XX(symbol, ...) OPTION_##symbol,
#include "refserver/options.def"
#undef XX
    OPTION_COUNT
};

static const struct option_row {
    const char *name;
    const char *argument; /* NULL: takes none */
    const char *help;
} rows[] = {
#define XX(symbol, text, arg, words) [OPTION_##symbol] = {text, arg, words},
#include "refserver/options.def"
#undef XX
};

/* Options of the plan that this version cannot honour: named, so that nobody believes they work. */
static const char *const later[] = {"--office", "--journal", "--seed"};

static const struct limit_row {
    const char *name;
    size_t offset;
    size_t value;
    const char *help;
} limit_rows[] = {
#define XX(member, text, number, words) {text, offsetof(struct limits, member), number, words},
#include "refserver/limits.def"
#undef XX
};

/* ---- texts ---- */

static const char help_head[] =
    "Usage: smcp-refserver [OPTION]...\n"
    "\n"
    "The reference server of the SMCP protocol: Socket.IO, namespace /smcp.  The first line on "
    "stdout says\n"
    "where it listens: {\"event\":\"ready\",\"url\":\"http://127.0.0.1:41234\",...}\n"
    "\n"
    "Options:\n";

static const char help_examples[] =
    "\n"
    "Examples:\n"
    "  smcp-refserver                                        a free port, no keys: for tests on "
    "this machine\n"
    "  smcp-refserver --listen 127.0.0.1:3000 --log text     a fixed port, and say what happens\n"
    "  smcp-refserver --auth header:x-api-key=@keys.txt      keys from a file; nobody sees them in "
    "the process list\n"
    "  smcp-refserver --defect leak-to-all                   a server that breaks a rule: does "
    "your test notice?\n"
    "\n"
    "SIGTERM and SIGINT close all sessions and end the server.  Exit codes: 0 ended by a signal, 2 "
    "wrong usage,\n"
    "1 anything else.\n";

static void print_help(void)
{
    fputs(help_head, stdout);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char left[40];

        snprintf(left, sizeof(left), "%s%s%s", rows[i].name, rows[i].argument ? " " : "",
                 rows[i].argument ? rows[i].argument : "");
        printf("  %-26s %s\n", left, rows[i].help);
    }
    fputs("\nLimits (--limit NAME=N):\n", stdout);
    for (size_t i = 0; i < ARRAY_LEN(limit_rows); i++)
        printf("  %-26s %s (%zu)\n", limit_rows[i].name, limit_rows[i].help, limit_rows[i].value);
    fputs("\nDefects (--defect NAME), each with the requirements it breaks:\n", stdout);
    for (unsigned i = 0; i < DEFECT_COUNT; i++) {
        const struct defect_info *info = defect_info((enum defect_id)i);

        printf("  %-26s %s [%s]\n", info->name, info->help, info->requirements);
    }
    fputs("\nPresets (--defect NAME), several at once: the faults of a release\n", stdout);
    for (unsigned i = 0; defect_preset_name(i); i++)
        printf("  %s\n", defect_preset_name(i));
    fputs(help_examples, stdout);
}

/* For programs: one JSON object per line. */
static void print_defects(void)
{
    for (unsigned i = 0; i < DEFECT_COUNT; i++) {
        const struct defect_info *info = defect_info((enum defect_id)i);

        printf("{\"name\":\"%s\",\"group\":\"%s\",\"judged\":%s,\"since\":\"%s\",\"until\":\"%s\","
               "\"requirements\":\"%s\"}\n",
               info->name, info->group, info->judged ? "true" : "false",
               smcp_revision(info->since)->name, smcp_revision(info->until)->name,
               info->requirements);
    }
}

static void print_revisions(FILE *to)
{
    for (unsigned i = 0; i < SMCP_REV_COUNT; i++) {
        const struct smcp_revision *r = smcp_revision((enum smcp_revision_id)i);

        if (r->served)
            fprintf(to, " %s (%s)", r->name, r->spec);
    }
}

static void print_version(void)
{
    fputs("smcp-refserver " SMCP_VERSION ", serves revision", stdout);
    print_revisions(stdout);
    putchar('\n');
}

/* ---- values ---- */

static bool wrong(const char *option, const char *value, const char *expected)
{
    fprintf(stderr, "smcp-refserver: %s %s: %s\n", option, value, expected);
    return false;
}

static bool wrong_word(const char *option, const char *value, const struct suggest *near,
                       const char *what)
{
    char *phrase = suggest_phrase(near->best);

    fprintf(stderr, "smcp-refserver: %s %s: no such %s%s\n", option, value, what, phrase);
    free(phrase);
    return false;
}

static bool parse_number(const char *text, uint64_t max, uint64_t *ret_value)
{
    char *end;
    unsigned long long value;

    errno = 0;
    value = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end || errno || value > max)
        return false;
    *ret_value = value;
    return true;
}

static bool number(const char *option, const char *text, uint64_t max, uint64_t *ret_value)
{
    return parse_number(text, max, ret_value) ||
           wrong(option, text, "expected a whole number in its range");
}

static bool milliseconds(const char *option, const char *text, uint64_t least, uint32_t *ret_ms)
{
    uint64_t value;

    if (!number(option, text, 1U << 30, &value))
        return false;
    if (value < least)
        return wrong(option, text, "must be more than 0");
    *ret_ms = (uint32_t)value;
    return true;
}

/* HOST:PORT, [IPv6]:PORT, or PORT alone (on the loopback). */
static bool address(const char *option, const char *text, char **ret_host, uint16_t *ret_port)
{
    const char *colon = strrchr(text, ':');
    const char *host = colon ? text : "127.0.0.1";
    size_t host_len = colon ? (size_t)(colon - text) : strlen(host);
    uint64_t port;

    if (host_len >= 2 && host[0] == '[' && host[host_len - 1] == ']') {
        host++;
        host_len -= 2;
    } else if (memchr(host, ':', host_len)) {
        return wrong(option, text, "an IPv6 address goes in brackets: [::1]:0");
    }
    if (host_len == 0 || !parse_number(colon ? colon + 1 : text, 65535, &port))
        return wrong(option, text, "expected HOST:PORT, the port at most 65535");
    free(*ret_host);
    *ret_host = xstrndup_slice(slice_of(host, host_len));
    *ret_port = (uint16_t)port;
    return true;
}

static bool set_revision(struct options *o, const char *option, const char *value)
{
    const struct smcp_revision *r = smcp_revision_find(slice_str(value));

    if (r && r->served) {
        o->config.revision = r;
        return true;
    }
    fprintf(stderr, "smcp-refserver: %s %s: %s; this version serves", option, value,
            r ? "not served yet" : "no such revision");
    print_revisions(stderr);
    fputc('\n', stderr);
    return false;
}

static bool set_version(struct options *o, const char *option, const char *value)
{
    struct smcp_version version;

    if (!smcp_version_parse(slice_str(value), &version))
        return wrong(option, value, "expected MAJOR.MINOR.PATCH, three integers");
    o->config.version = value;
    return true;
}

static bool set_refuse_websocket(struct options *o, const char *option, const char *value)
{
    if (strcmp(value, "400") != 0 && strcmp(value, "4900") != 0)
        return wrong(option, value, "expected 400 or 4900");
    o->config.gate_websocket = strcmp(value, "400") == 0 ? GATE_DENIES : GATE_CLOSES;
    return true;
}

static bool set_path(struct options *o, const char *option, const char *value)
{
    if (value[0] != '/' || value[1] == '\0' || strpbrk(value, "?# "))
        return wrong(option, value, "expected a path like /socket.io");
    o->config.path = value;
    return true;
}

static bool set_defect(struct options *o, const char *option, const char *value)
{
    enum defect_id id = defect_find(value);
    struct suggest near;

    if (defect_preset_add(value, &o->config.defects))
        return true;
    if (id < DEFECT_COUNT) {
        defect_set_add(&o->config.defects, id);
        return true;
    }
    suggest_init(&near, value);
    for (unsigned i = 0; i < DEFECT_COUNT; i++)
        suggest_offer(&near, defect_info((enum defect_id)i)->name);
    for (unsigned i = 0; defect_preset_name(i); i++)
        suggest_offer(&near, defect_preset_name(i));
    return wrong_word(option, value, &near, "defect");
}

static bool set_limit(struct options *o, const char *option, const char *value)
{
    size_t name_len = strcspn(value, "=");
    struct suggest near;
    uint64_t n;

    if (value[name_len] == '\0')
        return wrong(option, value, "expected NAME=N");
    suggest_init(&near, value);
    for (size_t i = 0; i < ARRAY_LEN(limit_rows); i++) {
        suggest_offer(&near, limit_rows[i].name);
        if (!slice_is(slice_of(value, name_len), limit_rows[i].name))
            continue;
        if (!number(option, value + name_len + 1, SIZE_MAX / 4, &n))
            return false;
        memcpy((char *)&o->config.limits + limit_rows[i].offset, &(size_t){n}, sizeof(size_t));
        return true;
    }
    return wrong_word(option, value, &near, "limit");
}

static bool set_transports(struct options *o, const char *option, const char *value)
{
    const char *at = value;

    o->config.transports = 0;
    for (;;) {
        size_t len = strcspn(at, ",");

        if (slice_is(slice_of(at, len), "polling"))
            o->config.transports |= TRANSPORT_POLLING;
        else if (slice_is(slice_of(at, len), "websocket"))
            o->config.transports |= TRANSPORT_WEBSOCKET;
        else
            return wrong(option, value, "expected polling, websocket or both with a comma");
        if (at[len] == '\0')
            return true;
        at += len + 1;
    }
}

static bool set_log(struct options *o, const char *option, const char *value)
{
    if (strcmp(value, "text") != 0 && strcmp(value, "json") != 0)
        return wrong(option, value, "expected text or json");
    o->log_format = value[0] == 'j' ? LOG_JSON : LOG_TEXT;
    o->log_all = true;
    return true;
}

static bool set_control(struct options *o, const char *option, const char *value)
{
    o->config.control = strcmp(value, "off") != 0;
    return !o->config.control || address(option, value, &o->control_host, &o->config.control_port);
}

static bool set_payload(struct options *o, const char *option, const char *value)
{
    uint64_t n;

    if (!number(option, value, 1U << 30, &n))
        return false;
    if (n < 100)
        return wrong(option, value, "must be at least 100");
    o->config.max_payload = (uint32_t)n;
    return true;
}

/* style: flat switch */
static bool set(struct options *o, enum option_id id, const char *option, const char *value)
{
    struct refserver_config *c = &o->config;

    switch (id) {
    case OPTION_LISTEN:
        return address(option, value, &o->listen_host, &c->listen_port);
    case OPTION_REVISION:
        return set_revision(o, option, value);
    case OPTION_PRETEND_VERSION:
        return set_version(o, option, value);
    case OPTION_REFUSE_WEBSOCKET:
        return set_refuse_websocket(o, option, value);
    case OPTION_PATH:
        return set_path(o, option, value);
    case OPTION_AUTH:
        o->auth = value;
        return true;
    case OPTION_CONTROL:
        return set_control(o, option, value);
    case OPTION_DEFECT:
        return set_defect(o, option, value);
    case OPTION_PING_INTERVAL:
        return milliseconds(option, value, 1, &c->ping_interval_ms);
    case OPTION_PING_TIMEOUT:
        return milliseconds(option, value, 1, &c->ping_timeout_ms);
    case OPTION_CONNECT_TIMEOUT:
        return milliseconds(option, value, 0, &c->connect_timeout_ms);
    case OPTION_MAX_PAYLOAD:
        return set_payload(o, option, value);
    case OPTION_TRANSPORTS:
        return set_transports(o, option, value);
    case OPTION_CORS:
        c->cors_origin = value;
        return true;
    case OPTION_LIMIT:
        return set_limit(o, option, value);
    case OPTION_LOG:
        return set_log(o, option, value);
    case OPTION_READY_FILE:
        o->ready_file = value;
        return true;
    case OPTION_EXIT_WITH_PARENT:
        o->exit_with_parent = true;
        return true;
    case OPTION_HELP:
    case OPTION_LIST_DEFECTS:
    case OPTION_VERSION:
    case OPTION_COUNT:
        break;
    }
    return true;
}

/* ---- words ---- */

static bool unknown(const char *word)
{
    struct suggest near;
    char *phrase;
    size_t len = strcspn(word, "=");

    for (size_t i = 0; i < ARRAY_LEN(later); i++) {
        if (slice_is(slice_of(word, len), later[i])) {
            fprintf(stderr, "smcp-refserver: %s comes with a later version\n", later[i]);
            return false;
        }
    }
    suggest_init(&near, word);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        suggest_offer(&near, rows[i].name);
    phrase = suggest_phrase(near.best);
    fprintf(stderr, "smcp-refserver: unknown option %s%s; --help lists them\n", word, phrase);
    free(phrase);
    return false;
}

static enum option_id option_find(const char *word)
{
    size_t len = strcspn(word, "=");
    unsigned id = 0;

    while (id < OPTION_COUNT && !slice_is(slice_of(word, len), rows[id].name))
        id++;
    return (enum option_id)id;
}

/* One option at argv[*at], with its value behind `=` or in the next word. */
static bool read_one(struct options *o, int argc, char **argv, int *at, enum option_id id)
{
    const char *equals = strchr(argv[*at], '=');
    const char *value = equals ? equals + 1 : NULL;

    if (!rows[id].argument) {
        if (value)
            return wrong(rows[id].name, value, "takes no value");
    } else if (!value) {
        if (*at + 1 >= argc) {
            fprintf(stderr, "smcp-refserver: %s needs a value: %s\n", rows[id].name,
                    rows[id].argument);
            return false;
        }
        value = argv[++*at];
    }
    return set(o, id, rows[id].name, value);
}

static void defaults(struct options *o)
{
    *o = (struct options){
        .auth = "none",
        .listen_host = xstrdup("127.0.0.1"),
        .control_host = xstrdup("127.0.0.1"),
        .config = {.path = "/socket.io",
                   .revision = smcp_revision(SMCP_REV_0_1),
                   .limits = limits_default(),
                   .ping_interval_ms = 25000,
                   .ping_timeout_ms = 20000,
                   .connect_timeout_ms = 45000,
                   .max_payload = WIRE_MAX_PAYLOAD_BYTES,
                   .transports = TRANSPORT_POLLING | TRANSPORT_WEBSOCKET,
                   .control = true},
    };
}

enum options_outcome options_read(struct options *o, int argc, char **argv)
{
    defaults(o);
    for (int at = 1; at < argc; at++) {
        enum option_id id = option_find(strcmp(argv[at], "-h") == 0 ? "--help" : argv[at]);

        if (id == OPTION_COUNT) {
            (void)unknown(argv[at]);
            return OPTIONS_WRONG;
        }
        if (id == OPTION_LIST_DEFECTS) {
            print_defects();
            return OPTIONS_DONE;
        }
        if (id == OPTION_HELP || id == OPTION_VERSION) {
            (id == OPTION_HELP ? print_help : print_version)();
            return OPTIONS_DONE;
        }
        if (!read_one(o, argc, argv, &at, id))
            return OPTIONS_WRONG;
    }
    if (o->config.version && !o->config.revision->version_gate) {
        (void)wrong("--pretend-version", o->config.version,
                    "this revision has no version handshake (see --revision)");
        return OPTIONS_WRONG;
    }
    o->config.listen_address = o->listen_host;
    o->config.control_address = o->control_host;
    return OPTIONS_RUN;
}

void options_release(struct options *o)
{
    free(o->listen_host);
    free(o->control_host);
}
