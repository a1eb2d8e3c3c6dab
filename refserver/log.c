/* SPDX-License-Identifier: Apache-2.0 */
#include "refserver/log.h"

#include <poll.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 64 * 1024 };

static const char *const level_texts[] = {
    [LOG_INFO] = "info", [LOG_WARNING] = "warning", [LOG_ERROR] = "error"};

void log_init(struct log *log, enum log_format format, enum log_level least)
{
    *log = (struct log){.format = format, .least = least};
    buf_init(&log->line, LINE_MAX_BYTES);
}

void log_release(struct log *log)
{
    buf_release(&log->line);
}

uint64_t log_clock_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void log_time(uint64_t epoch_ms, char ret_text[LOG_TIME_BYTES])
{
    time_t seconds = (time_t)(epoch_ms / 1000);
    struct tm utc;
    size_t len;

    gmtime_r(&seconds, &utc);
    len = strftime(ret_text, LOG_TIME_BYTES, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(ret_text + len, LOG_TIME_BYTES - len, ".%03uZ", (unsigned)(epoch_ms % 1000));
}

static void field_append(struct buf *line, const struct log_field *field, enum log_format format)
{
    if (format == LOG_JSON)
        buf_appendf(line, ",\"%s\":", field->key);
    else
        buf_appendf(line, " %s=", field->key);
    if (field->is_json)
        buf_append_slice(line, field->value);
    else
        buf_append_json_string(line, field->value);
}

/* A full pipe must not stop the server. */
static bool stderr_takes(void)
{
    struct pollfd p = {.fd = STDERR_FILENO, .events = POLLOUT};

    return poll(&p, 1, 0) == 1 && (p.revents & POLLOUT);
}

void log_write(struct log *log, enum log_level level, const char *event,
               const struct log_field *fields, size_t n_fields)
{
    struct buf *line = &log->line;
    char now[LOG_TIME_BYTES];

    if (!stderr_takes()) {
        log->lost++;
        return;
    }
    log_time(log_clock_ms(), now);
    buf_clear(line);
    if (log->format == LOG_JSON)
        buf_appendf(line, "{\"time\":\"%s\",\"level\":\"%s\",\"event\":\"%s\"", now,
                    level_texts[level], event);
    else
        buf_appendf(line, "%s %s: %s", now, level_texts[level], event);
    for (size_t i = 0; i < n_fields; i++)
        field_append(line, &fields[i], log->format);
    if (log->lost > 0)
        buf_appendf(line, log->format == LOG_JSON ? ",\"lost\":%llu" : " lost=%llu",
                    (unsigned long long)log->lost);
    buf_append_str(line, log->format == LOG_JSON ? "}\n" : "\n");
    if (line->overflow)
        log->lost++;
    else if (write(STDERR_FILENO, line->data, line->len) == (ssize_t)line->len)
        log->lost = 0;
}
