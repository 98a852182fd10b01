/* SPDX-License-Identifier: BSD-3-Clause */
#include "traffic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kvm/numbers.h"

#define LINE_MOST (1u << 16)

/* ---- Payloads -------------------------------------------------------------------------------- */

struct ist_piece {
    uint32_t *at;
    size_t words;
};

static size_t pieces_of_ist(const struct traffic *traffic, uint64_t addr, struct ist_piece *pieces)
{
    const uint64_t *buffers = (const uint64_t *)(uintptr_t)addr;

    if (traffic->abi == VGIC5_ABI_V1) {
        pieces[0] = (struct ist_piece){(uint32_t *)(uintptr_t)addr, traffic->nr_spis};
        return 1;
    }
    pieces[0] = (struct ist_piece){(uint32_t *)(uintptr_t)buffers[0], buffers[1] / 4};
    pieces[1] = (struct ist_piece){(uint32_t *)(uintptr_t)buffers[2], buffers[3] / 4};
    return 2;
}

static size_t pieces_of(const struct traffic *traffic, const struct vgic5_attr *attr,
                        struct ist_piece *pieces)
{
    if (attr->addr == 0)
        return 0;
    if (attr->group == VGIC5_GRP_IST)
        return pieces_of_ist(traffic, attr->addr, pieces);
    pieces[0].at = (uint32_t *)(uintptr_t)attr->addr;
    pieces[0].words = attr->group == VGIC5_GRP_NR_IRQS ? 1 : attr->group == VGIC5_GRP_CTRL ? 0 : 2;
    return 1;
}

static size_t print_payload(const struct traffic *traffic, const struct vgic5_attr *attr,
                            char *line, size_t at)
{
    struct ist_piece pieces[2];
    size_t count = pieces_of(traffic, attr, pieces);

    for (size_t piece = 0; piece < count; piece++) {
        for (size_t n = 0; n < pieces[piece].words; n++)
            at += (size_t)snprintf(line + at, LINE_MOST - at, " %x", pieces[piece].at[n]);
    }
    return at;
}

static void take_payload(const struct traffic *traffic, const struct vgic5_attr *attr,
                         const char *words)
{
    struct ist_piece pieces[2];
    size_t count = pieces_of(traffic, attr, pieces);
    char *end;

    for (size_t piece = 0; piece < count; piece++) {
        for (size_t n = 0; n < pieces[piece].words; n++, words = end)
            pieces[piece].at[n] = (uint32_t)strtoul(words, &end, 16);
    }
}

/* ---- Lines ----------------------------------------------------------------------------------- */

static const char *verb_of(unsigned long request)
{
    switch (request) {
    case KVM_HAS_DEVICE_ATTR:
        return "has";
    case KVM_GET_DEVICE_ATTR:
        return "get";
    case KVM_SET_DEVICE_ATTR:
        return "set";
    case KVM_IRQ_LINE:
        return "line";
    default:
        return NULL;
    }
}

/* The question, and for a set what it brings. */
static void print_question(const struct traffic *traffic, unsigned long request, uintptr_t argument,
                           char *line)
{
    const struct vgic5_attr *attr = (const struct vgic5_attr *)argument;
    const struct kvm_irq_level *level = (const struct kvm_irq_level *)argument;
    size_t at;

    if (request == KVM_IRQ_LINE) {
        snprintf(line, LINE_MOST, "line 0x%x %u", level->irq, level->level);
        return;
    }
    at = (size_t)snprintf(line, LINE_MOST, "%s %u 0x%llx", verb_of(request), attr->group,
                          (unsigned long long)attr->attr);
    if (request == KVM_SET_DEVICE_ATTR)
        print_payload(traffic, attr, line, at + (size_t)snprintf(line + at, LINE_MOST - at, ":"));
}

static int record(struct traffic *traffic, int fd, unsigned long request, uintptr_t argument)
{
    char *line = malloc(LINE_MOST);
    int ret;

    assert_non_null(line);
    print_question(traffic, request, argument, line);
    ret = traffic->kernel->ioctl(traffic->kernel->opaque, fd, request, argument);
    fprintf(traffic->file, "%s = %d", line, ret < 0 ? -errno : ret);
    line[0] = '\0';
    if (request == KVM_GET_DEVICE_ATTR && ret == 0)
        print_payload(traffic, (const struct vgic5_attr *)argument, line, 0);
    fprintf(traffic->file, "%s%s\n", line[0] ? ":" : "", line);
    free(line);
    return ret;
}

/* The next line of the recording must be this question; its answer is ours. */
static int play(struct traffic *traffic, unsigned long request, uintptr_t argument)
{
    char *question = malloc(LINE_MOST), *line = malloc(LINE_MOST), *answer;
    int ret = 0;

    assert_true(question && line);
    print_question(traffic, request, argument, question);
    traffic->line++;
    if (!fgets(line, LINE_MOST, traffic->file))
        fail_msg("line %u: the recording has ended, and the port asks: %s", traffic->line,
                 question);
    answer = strstr(line, " = ");
    if (!answer || (size_t)(answer - line) != strlen(question) ||
        memcmp(line, question, strlen(question)) != 0)
        fail_msg("line %u: recorded: %.100s\n... asked: %.100s", traffic->line, line, question);
    ret = (int)strtol(answer + 3, &answer, 10);
    if (*answer == ':')
        take_payload(traffic, (const struct vgic5_attr *)argument, answer + 1);
    free(question);
    free(line);
    errno = ret < 0 ? -ret : 0;
    return ret < 0 ? -1 : ret;
}

static int traffic_ioctl(void *opaque, int fd, unsigned long request, uintptr_t argument)
{
    struct traffic *traffic = opaque;

    if (!verb_of(request))
        fail_msg("request 0x%lx is none of a save or a restore", request);
    return traffic->kernel ? record(traffic, fd, request, argument)
                           : play(traffic, request, argument);
}

struct vgic5_kvm_calls traffic_calls(struct traffic *traffic)
{
    return (struct vgic5_kvm_calls){
        .size = sizeof(struct vgic5_kvm_calls), .opaque = traffic, .ioctl = traffic_ioctl};
}

void traffic_end(struct traffic *traffic)
{
    if (!traffic->kernel && fgetc(traffic->file) != EOF)
        fail_msg("after line %u: the recording has more than the port asks", traffic->line);
    fclose(traffic->file);
}
