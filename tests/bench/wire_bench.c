/* SPDX-License-Identifier: Apache-2.0 */
/* What the codec costs: not a test, prints numbers for people.  Run it from an optimised build. */
#include <stdio.h>
#include <time.h>

#include "wire/json_text.h"
#include "wire/limits.h"
#include "wire/macros.h"
#include "wire/sio_packet.h"
#include "wire/utf8.h"

enum { BYTES_PER_RUN = 200 * 1000 * 1000, KB16 = 16 * 1024, RUNS = 5 };

static const char TOOL_CALL[] = "2/"
                                "smcp,7[\"client:tool_call\",{\"computer\":\"c1\",\"agent\":\"a1\","
                                "\"req_id\":\"0123456789abcdef\","
                                "\"tool_name\":\"echo\",\"params\":{\"n\":1},\"timeout\":30}]";

static double now_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static enum wire_err run_scan(struct slice text)
{
    return json_scan(slice_of(text.ptr + 8, text.len - 8), WIRE_MAX_JSON_DEPTH, NULL);
}

static enum wire_err run_decode(struct slice text)
{
    const struct sio_limits limits = {WIRE_MAX_JSON_DEPTH, WIRE_MAX_ATTACHMENTS};
    struct sio_packet packet;

    return sio_packet_decode(text, &limits, &packet, NULL);
}

static enum wire_err run_utf8(struct slice text)
{
    return utf8_check(text) == text.len ? WIRE_OK : WIRE_E_UTF8;
}

static const struct {
    const char *name;
    enum wire_err (*run)(struct slice text);
} benches[] = {
    {"json_scan", run_scan}, {"sio_packet_decode", run_decode}, {"utf8_check", run_utf8}};

/* The fastest of a few runs: the machine may be busy with other things. */
static void measure(const char *what, struct slice text)
{
    unsigned times = (unsigned)(BYTES_PER_RUN / text.len);

    for (size_t i = 0; i < ARRAY_LEN(benches); i++) {
        double best = 0;

        for (int run = 0; run < RUNS; run++) {
            double start = now_ns(), spent;

            for (unsigned n = 0; n < times; n++) {
                if (benches[i].run(text)) {
                    fprintf(stderr, "%s refuses %s\n", benches[i].name, what);
                    return;
                }
                __asm__ volatile("" ::: "memory");
            }
            spent = (now_ns() - start) / times;
            if (!run || spent < best)
                best = spent;
        }
        printf("%-18s %-20s %6zu B %9.1f ns %7.0f MB/s\n", benches[i].name, what, text.len, best,
               (double)text.len / best * 1e3);
    }
}

/* `2/smcp,7["e",PIECE,PIECE...]` of about 16 KB. */
static void measure_large(const char *what, const char *piece)
{
    struct buf text;

    buf_init(&text, 2 * KB16);
    buf_append_str(&text, "2/smcp,7[\"e\"");
    while (text.len < KB16) {
        buf_append_ch(&text, ',');
        buf_append_str(&text, piece);
    }
    buf_append_ch(&text, ']');
    measure(what, buf_slice(&text));
    buf_release(&text);
}

int main(void)
{
    measure("tool_call", slice_str(TOOL_CALL));
    measure_large(
        "long strings",
        "\"Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor "
        "incididunt ut labore et dolore magna aliqua. Ut enim ad minim veniam, quis\"");
    measure_large(
        "objects",
        "{\"id\":12345,\"name\":\"computer-17\",\"tags\":[\"a\",\"bc\"],\"ok\":true,\"x\":null}");
    measure_large("escapes", "\"line one\\nline two\\n\\\"quoted\\\" and \\u00e9\"");
    measure_large("Chinese text", "\"\xe4\xbd\xa0\xe5\xa5\xbd\xe4\xb8\x96\xe7\x95\x8c\xef\xbc\x8c"
                                  "\xe8\xbf\x99\xe6\x98\xaf\xe4\xb8\x80"
                                  "\xe4\xb8\xaa\xe6\xb5\x8b\xe8\xaf\x95\"");
    measure_large("numbers", "[1,2.5,-300,4e10,123456789]");
    return 0;
}
