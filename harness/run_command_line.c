/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "harness/run_command.h"

/* " --option word", quoted for a shell where that is needed; nothing for NULL. */
static void append_word(struct buf *line, const char *option, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "-_./:=@%+,";

    if (!word)
        return;
    buf_appendf(line, "%s ", option);
    if (*word && word[strspn(word, plain)] == '\0') {
        buf_append_str(line, word);
        return;
    }
    buf_append_ch(line, '\'');
    for (; *word; word++)
        buf_append_str(line, *word == '\'' ? "'\\''" : (const char[]){*word, '\0'});
    buf_append_ch(line, '\'');
}

char *run_command_line(const struct run_command *c)
{
    struct buf line;

    buf_init(&line, SIZE_MAX);
    buf_append_str(&line, "smcp-harness run");
    append_word(&line, "", c->url);
    append_word(&line, " --target", c->target_file);
    if (c->revision_given)
        buf_appendf(&line, " --revision %s",
                    smcp_revision(c->judge_by_given ? c->own : c->options.plan.revision)->name);
    if (c->judge_by_given)
        buf_appendf(&line, " --judge-by %s", smcp_revision(c->judge_by)->name);
    if (c->a2c_version)
        buf_appendf(&line, " --a2c-version %s", c->a2c_version);
    append_word(&line, " --path", c->path);
    append_word(&line, " --scenarios", c->scenarios);
    if (c->key.given)
        buf_appendf(&line, " --key %s:%s=$KEY", c->key.in_header ? "header" : "auth", c->key.name);
    for (size_t i = 0; i < c->auth.n; i++)
        buf_appendf(&line, " --auth %s=$VALUE", c->auth.items[i].name);
    for (size_t i = 0; i < c->headers.n; i++)
        buf_appendf(&line, " --header %s:$VALUE", c->headers.items[i].name);
    if (c->insecure)
        buf_append_str(&line, " --insecure");
    append_word(&line, " --refserver", c->refserver);
    if (c->options.plan.timeout_ms != RUN_TIMEOUT_MS)
        buf_appendf(&line, " --timeout %u", c->options.plan.timeout_ms / 1000);
    if (c->options.plan.settle_ms != RUN_SETTLE_MS)
        buf_appendf(&line, " --settle %u", c->options.plan.settle_ms);
    if (c->strict)
        buf_append_str(&line, " --strict");
    append_word(&line, " --set", c->set);
    if (c->score_given && c->score_all)
        buf_append_str(&line, " --score all");
    return buf_take_str(&line);
}
