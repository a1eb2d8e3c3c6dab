/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REFSERVER_LOG_H
#define REFSERVER_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/buf.h"
#include "wire/macros.h"

/*
 * Structured log on stderr, one line per event, text or JSON.  Never holds a secret: nobody may pass credentials, auth objects, headers or query strings.
 * A reader that does not read loses lines, it never stops the server.
 */
enum log_format { LOG_TEXT, LOG_JSON };
enum log_level { LOG_INFO, LOG_WARNING, LOG_ERROR };

struct log {
    enum log_format format;
    enum log_level least; /* below it nothing is written */
    uint64_t lost;        /* lines since the last one written */
    struct buf line;
};

struct log_field {
    const char *key;
    struct slice value;
    bool is_json; /* raw JSON text, written as it is; else a text that gets quoted */
};

/* A text, a slice of text, raw JSON. */
#define LOG_STR(name, text)                                                                        \
    (struct log_field)                                                                             \
    {                                                                                              \
        (name), slice_str(text), false                                                             \
    }
#define LOG_SLICE(name, text)                                                                      \
    (struct log_field)                                                                             \
    {                                                                                              \
        (name), (text), false                                                                      \
    }
#define LOG_RAW(name, json)                                                                        \
    (struct log_field)                                                                             \
    {                                                                                              \
        (name), (json), true                                                                       \
    }

void log_init(struct log *log, enum log_format format, enum log_level least);
void log_release(struct log *log);

void log_write(struct log *log, enum log_level level, const char *event,
               const struct log_field *fields, size_t n_fields);

/* log_event(log, LOG_INFO, "joined", LOG_STR("sid", sid), …); at least one field. */
#define log_event(log, level, event, ...)                                                          \
    do {                                                                                           \
        if ((level) >= (log)->least) {                                                             \
            const struct log_field log_fields[] = {__VA_ARGS__};                                   \
            log_write((log), (level), (event), log_fields, ARRAY_LEN(log_fields));                 \
        }                                                                                          \
    } while (0)

/* "2026-11-21T06:50:00.123Z" of milliseconds since the epoch. */
enum { LOG_TIME_BYTES = 32 };
void log_time(uint64_t epoch_ms, char ret_text[LOG_TIME_BYTES]);
/* Wall clock, milliseconds since the epoch. */
uint64_t log_clock_ms(void);

#endif
