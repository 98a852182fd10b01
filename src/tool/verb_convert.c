/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A snapshot to JSON, for a person to edit, and back. Memory stays where it is: JSON to a snapshot
 * takes it from the snapshot that --memory names.
 */
#include <errno.h>
#include <string.h>

#include "snapshot/remake.h"
#include "tool/look/fields_json.h"
#include "tool/look/load.h"
#include "tool/json.h"
#include "tool/report.h"

/* ---- To JSON --------------------------------------------------------------------------------- */

static json_t *root_of(const struct vgic5_snapshot *snapshot)
{
    char text[2 * VGIC5_SNAPSHOT_ROOT_SIZE + 1];

    for (size_t n = 0; n < VGIC5_SNAPSHOT_ROOT_SIZE; n++)
        snprintf(text + 2 * n, 3, "%02x", vgic5_snapshot_root(snapshot)[n]);
    return json_string(text);
}

static int to_json(const struct cli_options *options)
{
    struct vgic5_error error = {0};
    struct vgic5_snapshot *snapshot;
    json_t *root, *sections = json_array();
    int ret;

    if (vgic5_snapshot_open_file(options->operand, &snapshot, &error) != 0) {
        json_decref(sections);
        return report_error(VERB_convert, &error);
    }
    for (size_t n = 0; n < vgic5_snapshot_nr_sections(snapshot); n++)
        json_array_append_new(sections, section_as_json(vgic5_snapshot_section(snapshot, n)));
    root = json_pack("{s:s, s:s, s:o, s:o}", "schema", "vgic5.snapshot/1", "producer",
                     vgic5_snapshot_header(snapshot)->producer, "root", root_of(snapshot),
                     "sections", sections);
    ret = !options->output ? json_print(root) : json_write(root, options->output);
    if (ret != EXIT_DONE && options->output)
        report(VERB_convert, EXIT_ENVIRONMENT, "cannot write %s: %s", options->output,
               strerror(errno));
    vgic5_snapshot_close(snapshot);
    return ret;
}

/* ---- From JSON ------------------------------------------------------------------------------- */

/* Is this memory section of the JSON that of the snapshot? */
static int check_memory(const json_t *memory, const struct vgic5_chain *chain, const char *where,
                        struct vgic5_error *error)
{
    uint64_t base, size;

    if (!json_to_u64(json_object_get(memory, "base"), &base) ||
        !json_to_u64(json_object_get(memory, "size"), &size))
        return error_set(error, VGIC5_CAUSE_DAMAGED, -EINVAL,
                         "%s: expected memory with base and size", where);
    if (base != chain_memory(chain)->memory_base || size != chain_memory(chain)->memory_size)
        return error_set(error, VGIC5_CAUSE_UNFIT, -EINVAL,
                         "%s: its memory is not that of the snapshot that "
                         "--memory names",
                         where);
    return 0;
}

static int put_section(const json_t *section, struct vgic5_chain *chain, struct remake *remake,
                       size_t n, struct vgic5_error *error)
{
    const char *type = json_string_value(json_object_get(section, "type"));
    const json_t *memory = json_object_get(section, "memory");
    char where[80];
    int ret;

    snprintf(where, sizeof(where), "sections[%zu] (%.31s)", n, type ? type : "no type");
    if (type && strcmp(type, "base") == 0)
        return 0; /* remake_begin has put it */
    if (!memory)
        return section_from_json(section, remake->writer, where, error);
    ret = check_memory(memory, chain, where, error);
    return ret == 0 ? remake_memory(remake, chain, 0, false, error) : ret;
}

static int put_sections(const json_t *root, struct vgic5_chain *chain, struct remake *remake,
                        struct vgic5_error *error)
{
    const json_t *sections = json_object_get(root, "sections"), *section;
    int ret = 0;
    size_t n;

    json_array_foreach(sections, n, section) if (ret == 0) ret =
        put_section(section, chain, remake, n, error);
    return ret;
}

static int write_snapshot(const struct cli_options *options, const json_t *root,
                          struct vgic5_chain *chain, struct vgic5_error *error)
{
    const char *producer = json_string_value(json_object_get(root, "producer")), *name;
    const uint8_t *base = vgic5_snapshot_base(chain_top(chain), &name);
    struct remake remake;
    int ret;

    if (base && vgic5_chain_has_file(chain, options->output) &&
        strcmp(options->output, options->memory) != 0)
        return error_set(error, VGIC5_CAUSE_REQUEST, -EINVAL,
                         "%.300s cannot be written over: the new snapshot "
                         "would build on it",
                         options->output);
    ret = remake_begin(options->output, producer, base, name ? name : "", NULL, &remake, error);

    return ret == 0 ? remake_end(&remake, put_sections(root, chain, &remake, error), error) : ret;
}

static bool is_our_json(const json_t *root)
{
    const char *schema = json_string_value(json_object_get(root, "schema"));

    return schema && strcmp(schema, "vgic5.snapshot/1") == 0 &&
           json_is_string(json_object_get(root, "producer")) &&
           json_is_array(json_object_get(root, "sections"));
}

static int from_json(const struct cli_options *options, const json_t *root)
{
    struct vgic5_error error = {0};
    struct vgic5_chain *chain;
    int ret;

    if (!options->memory || !options->output)
        return report(VERB_convert, EXIT_USAGE,
                      "JSON to a snapshot needs --memory SNAPSHOT and --output FILE");
    if (!is_our_json(root))
        return report(VERB_convert, EXIT_DAMAGED,
                      "%s: expected the schema vgic5.snapshot/1 with producer and sections",
                      options->operand);
    if (load_chain(VERB_convert, options->memory, options->on_base, &chain, &error) != 0)
        return report_error(VERB_convert, &error);
    ret = write_snapshot(options, root, chain, &error);
    vgic5_chain_close(chain);
    if (ret != 0 && error.cause == VGIC5_CAUSE_BUG)
        /* the writer was asked for what no snapshot may have */
        error_recast(&error, VGIC5_CAUSE_DAMAGED);
    return ret == 0 ? EXIT_DONE : report_error(VERB_convert, &error);
}

/* Snapshots begin with a byte that no text has. */
static int first_byte(const char *path)
{
    FILE *file = fopen(path, "rb");
    int byte = file ? getc(file) : EOF;

    if (file)
        fclose(file);
    return byte;
}

int verb_convert(const struct cli_options *options)
{
    json_error_t error;
    json_t *root;
    int ret;

    if (first_byte(options->operand) != '{')
        return to_json(options);
    root = json_load_file(options->operand, JSON_REJECT_DUPLICATES, &error);
    if (!root)
        return report(VERB_convert, EXIT_DAMAGED, "%s, line %d: %s", options->operand, error.line,
                      error.text);
    ret = from_json(options, root);
    json_decref(root);
    return ret;
}
