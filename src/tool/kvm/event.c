/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/kvm/event.h"

#include <stdlib.h>
#include <string.h>

#include "tool/json.h"

void add_hex(struct event *event, const char *key, uint64_t value)
{
    json_object_set_new(event->line, key, json_hex(value));
}

void add_number(struct event *event, const char *key, int64_t value)
{
    json_object_set_new(event->line, key, json_integer(value));
}

void add_text(struct event *event, const char *key, const char *text)
{
    json_object_set_new(event->line, key, json_string(text));
}

void add_name(struct event *event, const char *key, const char *name, int64_t number)
{
    if (name)
        add_text(event, key, name);
    else
        add_number(event, key, number);
}

void add_bytes(struct event *event, const char *key, const uint8_t *bytes, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    char *text = malloc(size * 2 + 1);

    if (!text)
        return;
    for (size_t n = 0; n < size; n++) {
        text[2 * n] = digits[bytes[n] >> 4];
        text[2 * n + 1] = digits[bytes[n] & 15];
    }
    text[size * 2] = '\0';
    add_text(event, key, text);
    free(text);
}

bool read_at(const struct event *event, uint64_t at, void *to, size_t size)
{
    const struct kvmd_client *client = event->seen->client;

    return client->read(client->opaque, at, to, size) == 0;
}

bool read_argument(const struct event *event, void *to, size_t size)
{
    return read_at(event, event->seen->argument, to, size);
}

bool has_payload(const struct event *event)
{
    return strstr(event->seen->name, "_SET_") != NULL || event->seen->value >= 0;
}
