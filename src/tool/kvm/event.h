/* SPDX-License-Identifier: BSD-3-Clause */
/* An ioctl that is being written down, and what is added to its line. */
#ifndef TOOL_KVM_EVENT_H
#define TOOL_KVM_EVENT_H

#include "tool/kvm/decode.h"

struct event {
    const struct kvmd_seen *seen;
    const struct decode_ist *ist;
    json_t *line;
};

void add_hex(struct event *event, const char *key, uint64_t value);
void add_number(struct event *event, const char *key, int64_t value);
void add_text(struct event *event, const char *key, const char *text);
/* The name, or where there is none, NULL, the number. */
void add_name(struct event *event, const char *key, const char *name, int64_t number);
void add_bytes(struct event *event, const char *key, const uint8_t *bytes, size_t size);

/* The VMM's memory, and there the structure behind the argument. */
bool read_at(const struct event *event, uint64_t at, void *to, size_t size);
bool read_argument(const struct event *event, void *to, size_t size);
/* Is there something behind the pointer: what was set, or what was got? */
bool has_payload(const struct event *event);

#endif
