/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/kvm/watch.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tool/json.h"
#include "tool/kvm/decode.h"
#include "tool/kvm/names.h"
#include "tool/number.h"
#include "tool/report.h"

#define SPIS_AT_FIRST 32u /* of a device that was given no number */
#define MOST_VMS 65536u   /* whose number of SPIs is kept */
#define LONG_TEXT 80u     /* letters of a value in the text form */

const char *watch_profile_name(enum kvmd_profile profile)
{
    return profile == KVMD_V1 ? "v1" : profile == KVMD_7_4 ? "7.4" : "7.1";
}

static uint64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* ---- Faults ---------------------------------------------------------------------------------- */

static const char *ioctl_named(const char *name, size_t length)
{
    const char *row;

    for (size_t n = 0; (row = kvmd_ioctl_row(n)) != NULL; n++)
        if (strlen(row) == length && strncmp(row, name, length) == 0)
            return row;
    return NULL;
}

static int bad_fault(const char *text, const char *why)
{
    return report(VERB_kvm, EXIT_USAGE,
                  "--fault is '%s': %s, expected IOCTL[:N]=ERRNO, for example "
                  "KVM_SET_DEVICE_ATTR:3=EBUSY",
                  text, why);
}

static int parse_fault(const char *text, struct fault *fault)
{
    const char *equals = strchr(text, '='), *colon = strchr(text, ':'), *end;

    if (!equals)
        return bad_fault(text, "it has no '='");
    if (colon && colon > equals)
        colon = NULL;
    fault->ioctl = ioctl_named(text, (size_t)((colon ? colon : equals) - text));
    if (!fault->ioctl)
        return bad_fault(text, "no ioctl has this name");
    fault->which = 0;
    if (colon && (number_read(colon + 1, NUMBER_PLAIN, &end, &fault->which) || end != equals ||
                  fault->which == 0))
        return bad_fault(text, "N is not a number from 1");
    fault->error = errno_of_name(equals + 1);
    return fault->error ? EXIT_DONE : bad_fault(text, "no errno has this name");
}

static int before(void *opaque, const struct kvmd_seen *seen)
{
    struct watch *watch = opaque;
    int ret = 0;

    pthread_mutex_lock(&watch->lock);
    for (size_t n = 0; n < watch->nr_faults; n++) {
        struct fault *fault = &watch->faults[n];

        if (!seen->name || strcmp(seen->name, fault->ioctl) != 0)
            continue;
        fault->seen++;
        if (ret == 0 && (fault->which == 0 || fault->which == fault->seen))
            ret = -fault->error;
    }
    pthread_mutex_unlock(&watch->lock);
    return ret;
}

/* ---- Writing down ---------------------------------------------------------------------------- */

static bool put_value(FILE *to, const char *key, const json_t *value)
{
    const char *text = json_string_value(value);

    if (!text)
        return fprintf(to, " %s=%" JSON_INTEGER_FORMAT, key, json_integer_value(value)) > 0;
    if (strlen(text) > LONG_TEXT)
        return fprintf(to, " %s=(%zu bytes)", key, strlen(text) / 2) > 0;
    return fprintf(to, " %s=%s", key, text) > 0;
}

/* "12 0.016085 vm1 device KVM_GET_DEVICE_ATTR group=… = 0" */
static bool put_text(FILE *to, uint64_t number, const json_t *line)
{
    static const char *const first[] = {"vm",    "object", "vcpu", "ioctl",
                                        "value", "error",  "us",   "n"};
    const json_t *vm = json_object_get(line, "vm"), *vcpu = json_object_get(line, "vcpu"),
                 *error = json_object_get(line, "error"), *value;
    const char *key, *name = json_string_value(json_object_get(line, "ioctl"));
    uint64_t us = (uint64_t)json_integer_value(json_object_get(line, "us"));
    bool good =
        fprintf(to, "%" PRIu64 " %" PRIu64 ".%06" PRIu64, number, us / 1000000, us % 1000000) > 0;

    if (vm)
        good = good && fprintf(to, " vm%" JSON_INTEGER_FORMAT, json_integer_value(vm)) > 0;
    good = good && fprintf(to, " %s", json_string_value(json_object_get(line, "object"))) > 0;
    if (vcpu)
        good = good && fprintf(to, "%" JSON_INTEGER_FORMAT, json_integer_value(vcpu)) > 0;
    good = good && fprintf(to, " %s", name ? name : "-") > 0;
    json_object_foreach((json_t *)(uintptr_t)line, key, value)
    {
        bool done = false;

        for (size_t n = 0; n < sizeof(first) / sizeof(*first); n++)
            done = done || strcmp(first[n], key) == 0;
        good = good && (done || put_value(to, key, value));
    }
    if (error)
        good = good && fprintf(to, " = -1 %s\n", json_string_value(error)) > 0;
    else
        good = good && fprintf(to, " = %" JSON_INTEGER_FORMAT "\n",
                               json_integer_value(json_object_get(line, "value"))) > 0;
    return good && fflush(to) == 0;
}

static void put(struct sink *sink, uint64_t number, const json_t *line)
{
    bool good;

    if (!sink->to || sink->error)
        return;
    errno = 0;
    good = sink->is_json ? json_put(line, sink->to, JSON_COMPACT) == 0
                         : put_text(sink->to, number, line);
    if (!good)
        sink->error = errno ? errno : EIO;
}

/* How many SPIs a VM has decides how much GRP_IST moves under v1. */
static void note_spis(struct watch *watch, uint32_t vm, uint32_t nr_spis)
{
    uint32_t *grown;

    if (nr_spis == 0 || vm >= MOST_VMS)
        return;
    if (vm >= watch->nr_vms) {
        grown = realloc(watch->nr_spis, (vm + 1) * sizeof(*grown));
        if (!grown)
            return;
        memset(grown + watch->nr_vms, 0, (vm + 1 - watch->nr_vms) * sizeof(*grown));
        watch->nr_spis = grown;
        watch->nr_vms = vm + 1;
    }
    watch->nr_spis[vm] = nr_spis;
}

static struct decode_ist ist_of(struct watch *watch, const struct kvmd_seen *seen)
{
    uint32_t set = decode_nr_spis(seen), nr_spis = 0;

    pthread_mutex_lock(&watch->lock);
    note_spis(watch, seen->vm, set);
    if (seen->vm < watch->nr_vms)
        nr_spis = watch->nr_spis[seen->vm];
    pthread_mutex_unlock(&watch->lock);
    return (struct decode_ist){watch->profile != KVMD_V1, nr_spis ? nr_spis : SPIS_AT_FIRST};
}

static void after(void *opaque, const struct kvmd_seen *seen)
{
    struct watch *watch = opaque;
    const struct decode_ist ist = ist_of(watch, seen);
    json_t *line = decode_ioctl(seen, &ist);

    pthread_mutex_lock(&watch->lock);
    watch->count++;
    if (line) {
        json_object_set_new(line, "us", json_integer((json_int_t)(now_us() - watch->start_us)));
        json_object_set_new(line, "n", json_integer((json_int_t)watch->count));
    }
    for (size_t n = 0; n < sizeof(watch->sinks) / sizeof(watch->sinks[0]); n++) {
        if (line)
            put(&watch->sinks[n], watch->count, line);
        else if (watch->sinks[n].to && !watch->sinks[n].error)
            watch->sinks[n].error = ENOMEM;
    }
    pthread_mutex_unlock(&watch->lock);
    json_decref(line);
}

/* ---- The whole ------------------------------------------------------------------------------- */

static int open_sink(const struct watch *watch, struct sink *sink, const char *option,
                     const char *path, bool is_json)
{
    json_t *head;

    if (!path)
        return EXIT_DONE;
    *sink = (struct sink){.to = fopen(path, "we"), .path = path, .is_json = is_json};
    if (!sink->to)
        return report(VERB_kvm, EXIT_ENVIRONMENT, "--%s %s: %s", option, path, strerror(errno));
    if (!is_json)
        return EXIT_DONE;
    head = json_pack("{s:s, s:s}", "schema", "vgic5.kvm-record/1", "abi",
                     watch_profile_name(watch->profile));
    put(sink, 0, head);
    json_decref(head);
    return EXIT_DONE;
}

static bool is_ndjson(const char *path)
{
    static const char suffix[] = ".ndjson";
    size_t length = path ? strlen(path) : 0;

    return length >= sizeof(suffix) - 1 &&
           strcmp(path + length - (sizeof(suffix) - 1), suffix) == 0;
}

int watch_open(struct watch *watch, const struct cli_options *options, enum kvmd_profile profile)
{
    int ret = EXIT_DONE;

    *watch =
        (struct watch){.profile = profile, .lock = PTHREAD_MUTEX_INITIALIZER, .start_us = now_us()};
    for (size_t n = 0; n < options->fault.n && ret == EXIT_DONE; n++)
        ret = parse_fault(options->fault.items[n], &watch->faults[watch->nr_faults++]);
    if (ret == EXIT_DONE)
        ret = open_sink(watch, &watch->sinks[0], "trace", options->kvm_trace,
                        is_ndjson(options->kvm_trace));
    if (ret == EXIT_DONE)
        ret = open_sink(watch, &watch->sinks[1], "record", options->record, true);
    return ret;
}

const struct kvmd_observer *watch_observer(const struct watch *watch)
{
    static const struct kvmd_observer observers[2][2] = {
        {{NULL, NULL}, {NULL, after}},
        {{before, NULL}, {before, after}},
    };
    bool writes = watch->sinks[0].to || watch->sinks[1].to;

    return watch->nr_faults || writes ? &observers[watch->nr_faults > 0][writes] : NULL;
}

void watch_leave(struct watch *watch)
{
    for (size_t n = 0; n < sizeof(watch->sinks) / sizeof(watch->sinks[0]); n++) {
        if (watch->sinks[n].to)
            fclose(watch->sinks[n].to);
        watch->sinks[n].to = NULL;
    }
}

int watch_close(struct watch *watch)
{
    int ret = EXIT_DONE;

    for (size_t n = 0; n < sizeof(watch->sinks) / sizeof(watch->sinks[0]); n++) {
        struct sink *sink = &watch->sinks[n];

        if (!sink->to)
            continue;
        if (fclose(sink->to) != 0 && !sink->error)
            sink->error = errno;
        sink->to = NULL;
        if (sink->error)
            ret = report(VERB_kvm, EXIT_ENVIRONMENT, "%s cannot be written: %s", sink->path,
                         strerror(sink->error));
    }
    free(watch->nr_spis);
    watch->nr_spis = NULL;
    return ret;
}
