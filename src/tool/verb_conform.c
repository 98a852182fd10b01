/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs the contract's conformance suite against a port. */
#include <string.h>

#include <vgic5/conform.h>
#include <vgic5/kvm.h>

#include "tool/gic_option.h"
#include "tool/json.h"
#include "tool/report.h"
#include "tool/words.h"

struct results {
    bool tap;
    json_t *checks; /* NULL: no JSON */
    unsigned count;
};

static const char *const verdict_names[] = {
    [VGIC5_CONFORM_PASS] = "pass",
    [VGIC5_CONFORM_FAIL] = "fail",
    [VGIC5_CONFORM_SKIP] = "skip",
};

static void add_to_json(json_t *checks, const struct vgic5_conform_result *result)
{
    json_array_append_new(checks,
                          json_pack("{s:s, s:s, s:s, s:s}", "name", result->check->name, "row",
                                    result->check->row, "verdict", verdict_names[result->verdict],
                                    "message", result->message));
}

static void print_tap(unsigned number, const struct vgic5_conform_result *result)
{
    bool failed = result->verdict == VGIC5_CONFORM_FAIL;

    say(stdout, "%sok %u - %s [%s]", failed ? "not " : "", number, result->check->name,
        result->check->row);
    if (result->verdict == VGIC5_CONFORM_SKIP)
        say(stdout, " # SKIP %s", result->message);
    say(stdout, "\n");
    if (failed)
        say(stdout, "# %s: %s\n", result->message, vgic5_conform_row_words(result->check->row));
}

static void print_words(const struct vgic5_conform_result *result)
{
    if (result->verdict == VGIC5_CONFORM_PASS)
        return;
    say(stdout, "%s: %s [%s]: %s\n", verdict_names[result->verdict], result->check->name,
        result->check->row, result->message);
    if (result->verdict == VGIC5_CONFORM_FAIL)
        say(stdout, "      the row says: %s\n", vgic5_conform_row_words(result->check->row));
}

static void take(void *opaque, const struct vgic5_conform_result *result)
{
    struct results *results = opaque;

    results->count++;
    if (results->checks)
        add_to_json(results->checks, result);
    else if (results->tap)
        print_tap(results->count, result);
    else
        print_words(result);
}

static int print_summary(const struct results *results, uint32_t abi, const char *port,
                         const struct vgic5_conform_summary *summary)
{
    if (results->checks)
        return json_print(json_pack(
            "{s:s, s:s, s:s, s:o, s:i, s:i, s:i}", "schema", "vgic5.conform/1", "port", port, "abi",
            vgic5_abi_name(abi), "checks", results->checks, "passed", (int)summary->passed,
            "failed", (int)summary->failed, "skipped", (int)summary->skipped));
    if (results->tap)
        say(stdout, "1..%u\n", results->count);
    else
        say(stdout, "port %s, abi %s: %u passed, %u failed, %u skipped\n", port,
            vgic5_abi_name(abi), summary->passed, summary->failed, summary->skipped);
    return EXIT_DONE;
}

/* The profile of a kernel is found by asking it; --abi only says what is expected. */
static int look_for_kvm(const struct cli_options *options, uint32_t *abi)
{
    struct vgic5_error error = {0};
    uint32_t found;

    if (vgic5_kvm_look(NULL, &found, &error) != 0)
        return report_error(VERB_conform, &error);
    if (*abi != 0 && *abi != found)
        return report(VERB_conform, EXIT_UNFIT, "--abi is %s, but this kernel is %s", options->abi,
                      vgic5_abi_name(found));
    *abi = found;
    return EXIT_DONE;
}

static int run_suite(const struct cli_options *options, const char *port, uint32_t abi)
{
    struct vgic5_config config = {.size = sizeof(config), .abi = abi};
    struct results results = {.tap = options->tap};
    struct vgic5_conform_summary summary = {.size = sizeof(summary)};
    struct vgic5_conform_ops ops;
    int ret;

    if (strcmp(port, "kvm") == 0)
        vgic5_kvm_conform(NULL, abi, &ops);
    else
        vgic5_conform_model(&config, &ops);
    if (options->json)
        results.checks = json_array();
    vgic5_conform_run(&ops, NULL, take, &results, &summary);
    ret = print_summary(&results, abi, port, &summary);
    if (ret == EXIT_DONE && (summary.failed > 0 || summary.passed == 0))
        return EXIT_DIFFERS;
    return ret;
}

int verb_conform(const struct cli_options *options)
{
    const char *port = options->port ? options->port : "model";
    uint32_t abi = options->abi ? gic_option_abi(options->abi) : 0;
    int ret = EXIT_DONE;

    if (options->abi && abi == 0)
        return report(VERB_conform, EXIT_USAGE, "--abi is '%s', expected v1 or 7.4", options->abi);
    if (strcmp(port, "model") != 0 && strcmp(port, "kvm") != 0)
        return report(VERB_conform, EXIT_USAGE, "--port is '%s', expected model or kvm", port);
    if (options->json && options->tap)
        return report(VERB_conform, EXIT_USAGE, "one of --json and --tap");
    if (strcmp(port, "kvm") == 0)
        ret = look_for_kvm(options, &abi);
    else if (abi == 0)
        abi = VGIC5_ABI_V1;
    return ret != EXIT_DONE ? ret : run_suite(options, port, abi);
}
