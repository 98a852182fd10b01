/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The snapshot container (normative: doc/FORMAT.md). A file is a fixed header, a sequence of
 * sections, and a trailer with the section table and a root hash. A section holds named fields, or
 * guest memory. It is written front to back, so the target may be a pipe; it is read front to back
 * from a pipe, or with random access from a file.
 *
 * The same state gives the same bytes: there is no time, host name or random value in a snapshot.
 *
 * A pointer may be NULL where its function says so. Elsewhere a NULL is refused and nothing
 * happens: -EINVAL where an errno is answered, and else what says that there is nothing: 0, false,
 * NULL.
 */
#ifndef VGIC5_SNAPSHOT_H
#define VGIC5_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vgic5/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Errors: beside `error` functions return a negative errno: -EBADMSG where the cause is DAMAGED,
 * -ENOTSUP for UNFIT, -EINVAL for BUG (the caller broke the contract of the function), the system's
 * own or -ENOMEM for ENVIRONMENT. */

/* ---- Named fields ---------------------------------------------------------------------------- */

/*
 * An ordered list of named values: the content of every section but memory. Names are unique within
 * a list, printable ASCII without spaces, 1..63 bytes. `id` is the attribute id, encoding or offset
 * that belongs to the name, or 0. Order of insertion is kept.
 */
struct vgic5_fields;

enum vgic5_field_kind { VGIC5_FIELD_U64 = 1, VGIC5_FIELD_BYTES = 2, VGIC5_FIELD_TEXT = 3 };

struct vgic5_field {
    const char *name;
    uint64_t id;
    enum vgic5_field_kind kind;
    uint64_t u64;      /* kind U64 */
    const void *bytes; /* BYTES; TEXT (NUL-terminated, size without it) */
    size_t size;
};

struct vgic5_fields *vgic5_fields_new(void); /* NULL: no memory */
void vgic5_fields_free(struct vgic5_fields *fields);
/* Copies. -EEXIST (name taken), -EINVAL (bad name, or text that is not UTF-8), -E2BIG (above the
 * limits of FORMAT.md), -ENOMEM. After a failure the list remembers it (vgic5_fields_error), so
 * that a run of puts can be checked once; later puts add nothing. */
int vgic5_fields_put_u64(struct vgic5_fields *fields, const char *name, uint64_t id,
                         uint64_t value);
int vgic5_fields_put_bytes(struct vgic5_fields *fields, const char *name, uint64_t id,
                           const void *bytes, size_t size);
int vgic5_fields_put_text(struct vgic5_fields *fields, const char *name, uint64_t id,
                          const char *text);
int vgic5_fields_error(const struct vgic5_fields *fields);
/* Of the n-th, or by name: NULL, there is none. */
size_t vgic5_fields_count(const struct vgic5_fields *fields);
const struct vgic5_field *vgic5_fields_at(const struct vgic5_fields *fields, size_t n);
const struct vgic5_field *vgic5_fields_find(const struct vgic5_fields *fields, const char *name);
/* The value of a u64 field; -ENOENT when it is missing, -EINVAL when it has another kind, with
 * `error` filled (DAMAGED), naming the section `where`. */
int vgic5_fields_get_u64(const struct vgic5_fields *fields, const char *where, const char *name,
                         uint64_t *value, struct vgic5_error *error);
/* The same for bytes of exactly `size` bytes. */
int vgic5_fields_get_bytes(const struct vgic5_fields *fields, const char *where, const char *name,
                           void *to, size_t size, struct vgic5_error *error);
/* The same for text; `*text` belongs to the list. */
int vgic5_fields_get_text(const struct vgic5_fields *fields, const char *where, const char *name,
                          const char **text, struct vgic5_error *error);

/* ---- Input and output ------------------------------------------------------------------------ */

/* Where bytes go: all of them. Returns 0 or a negative errno. */
struct vgic5_sink {
    uint32_t size; /* sizeof(struct vgic5_sink) of the caller */
    int (*write)(void *opaque, const void *bytes, size_t size);
    void *opaque;
};

/* Where bytes come from. `read` returns the number read (0 at the end) or a negative errno;
 * `seek` to an absolute offset may be NULL (a pipe). */
struct vgic5_source {
    uint32_t size; /* sizeof(struct vgic5_source) of the caller */
    long (*read)(void *opaque, void *to, size_t size);
    int (*seek)(void *opaque, uint64_t offset);
    uint64_t length; /* UINT64_MAX: not known */
    void *opaque;
};

/* File system calls, so that each can be made to fail. NULL members: the system's. */
struct vgic5_fs {
    uint32_t size; /* sizeof(struct vgic5_fs) of the caller; less than this version has: -EINVAL */
    int (*open_temporary)(void *opaque, const char *path, int *fd); /* O_CREAT|O_EXCL, 0600 */
    long (*write)(void *opaque, int fd, const void *bytes, size_t size);
    int (*fsync)(void *opaque, int fd);
    int (*close)(void *opaque, int fd);
    int (*rename)(void *opaque, const char *from, const char *to);
    int (*fsync_directory)(void *opaque, const char *path_of_file_in_it);
    int (*unlink)(void *opaque, const char *path);
    void *opaque;
};

/* A file that appears whole or not at all: one without a name in the same directory, fsync, a
 * temporary name, rename, fsync of the directory. Where the file system has no files without a name
 * (O_TMPFILE), or `fs` has an open_temporary, it has the temporary name from the start. Those that
 * killed processes have left behind for this path are removed first, but not with an
 * open_temporary of the caller's. Sink for the writer below; commit makes it visible, abandon
 * removes it. An interrupted or short write is carried on with. A failure leaves the old file
 * untouched and the temporary one removed, but for one: when the last step, the fsync of the
 * directory, fails, the new file is in place, whole, and may not survive a power cut. */
struct vgic5_atomic_file;
int vgic5_atomic_file_create(const char *path, const struct vgic5_fs *fs,
                             struct vgic5_atomic_file **file, struct vgic5_error *error);
/* The file's own, until commit or abandon. */
const struct vgic5_sink *vgic5_atomic_file_sink(struct vgic5_atomic_file *file);
int vgic5_atomic_file_commit(struct vgic5_atomic_file *file, struct vgic5_error *error); /* frees */
void vgic5_atomic_file_abandon(struct vgic5_atomic_file *file);                          /* frees */

/* ---- Writing --------------------------------------------------------------------------------- */

struct vgic5_snapshot_writer;

/* `producer` names the program and version (at most 63 bytes). `sink` is copied. */
int vgic5_snapshot_begin(const struct vgic5_sink *sink, const char *producer,
                         struct vgic5_snapshot_writer **writer, struct vgic5_error *error);

/*
 * The same for an incremental snapshot: of memory it stores what changed since the snapshot with
 * the root hash `base`. `name` (UTF-8) is where the base was found, relative to the directory of
 * this file or absolute. Memory is then appended with put_memory_from.
 */
int vgic5_snapshot_begin_on(const struct vgic5_sink *sink, const char *producer,
                            const uint8_t *base, const char *name,
                            struct vgic5_snapshot_writer **writer, struct vgic5_error *error);

/* Append a section of fields. `type` is a short name of a-z 0-9 _ - . ("machine", "vcpu", "irs");
 * (type, instance) is unique. A reader that does not know a required section refuses the snapshot.
 * Whatever is refused is refused before its first byte is written. */
int vgic5_snapshot_put_fields(struct vgic5_snapshot_writer *writer, const char *type,
                              uint64_t instance, uint32_t version, bool required,
                              const struct vgic5_fields *fields, struct vgic5_error *error);

/* Append a memory section: `size` bytes (a multiple of VGIC5_PAGE_SIZE) of guest memory at physical
 * `base`, of which so much has to be left. Zero pages are not stored. -EINVAL (BUG): it is no such
 * range. */
int vgic5_snapshot_put_memory(struct vgic5_snapshot_writer *writer, uint64_t base,
                              const void *memory, uint64_t size, struct vgic5_error *error);

/* Where put_memory_from gets a section's content, frame by frame. */
struct vgic5_memory_from {
    uint32_t size;    /* sizeof(struct vgic5_memory_from) */
    unsigned threads; /* that compress, at most 64; 0: the caller's alone */
    /* The frame of `size` bytes at `offset` from the section's base: `*memory` is its content,
     * which must stay as it is until put_memory_from returns, and `*pages` (0 on entry, bit 0
     * first) says which of its pages to look at. The others are zero, or, in an incremental
     * snapshot, as in its base. Called once for each frame, ascending, on the caller's thread. Not
     * 0: a negative errno, which ends the writing. */
    int (*frame)(void *opaque, uint64_t offset, uint32_t size, const void **memory,
                 uint16_t *pages);
    void *opaque;
};
/* The bytes do not depend on the number of threads. */
int vgic5_snapshot_put_memory_from(struct vgic5_snapshot_writer *writer, uint64_t base,
                                   uint64_t size, const struct vgic5_memory_from *from,
                                   struct vgic5_error *error);

/* Append a section of a kind that this library does not know, as vgic5_section.raw has it. -EINVAL
 * (BUG): it knows the kind. */
int vgic5_snapshot_put_raw(struct vgic5_snapshot_writer *writer, uint32_t kind, const char *type,
                           uint64_t instance, uint32_t version, bool required, const void *raw,
                           size_t size, struct vgic5_error *error);

/* Write the trailer and free the writer, also after a failure, but for a NULL. */
int vgic5_snapshot_end(struct vgic5_snapshot_writer *writer, struct vgic5_error *error);
/* The same, and `root` (VGIC5_SNAPSHOT_ROOT_SIZE bytes) gets the root hash, for a snapshot on top
 * of this one. */
int vgic5_snapshot_end_root(struct vgic5_snapshot_writer *writer, uint8_t *root,
                            struct vgic5_error *error);
/* Free the writer without a trailer: what was written is not a snapshot. */
void vgic5_snapshot_abort(struct vgic5_snapshot_writer *writer);

/* ---- Reading --------------------------------------------------------------------------------- */

/*
 * Open reads and checks the header, every section's hash and the trailer, and decodes the sections
 * of fields: everything but the content of memory frames, which is checked as it is read. Of a
 * source that cannot seek, memory frames are kept as they are, or go to the `memory_sink` below.
 */
struct vgic5_snapshot;

enum vgic5_section_kind { VGIC5_SECTION_FIELDS = 1, VGIC5_SECTION_MEMORY = 2 };

struct vgic5_section {
    const char *type;
    uint64_t instance;
    uint32_t version;
    bool required;
    uint64_t offset; /* in the file */
    uint64_t size;
    const struct vgic5_fields *fields; /* NULL for memory */
    uint64_t memory_base, memory_size; /* of a memory section */
    uint32_t kind;   /* enum vgic5_section_kind, or one of a later minor version */
    const void *raw; /* the payload of an unknown kind, raw_size bytes */
    size_t raw_size;
};

/* What the first 128 bytes say; they are laid out alike in every version of the format. */
struct vgic5_snapshot_header {
    uint16_t major, minor;
    uint32_t header_size;
    uint64_t incompatible, compatible, autoclear; /* feature bits */
    char producer[64];
};

/* Where memory goes when the source cannot seek. Called while the snapshot is being opened, with
 * non-zero bytes in ascending order, each checked against its hash; the trailer, and so the order
 * of sections, is checked only at the end. `snapshot` has the sections that came before. Returns 0
 * or a negative errno, which ends the reading. */
struct vgic5_memory_sink {
    uint32_t size; /* sizeof(struct vgic5_memory_sink) of the caller */
    int (*pages)(void *opaque, const struct vgic5_snapshot *snapshot,
                 const struct vgic5_section *memory, uint64_t offset, const void *bytes,
                 size_t size);
    void *opaque;
};

struct vgic5_open_options {
    uint32_t size;                               /* sizeof(struct vgic5_open_options) */
    const struct vgic5_memory_sink *memory_sink; /* NULL: keep frames compressed, in memory */
    uint64_t keep_limit; /* bytes of frames to keep at most; 0: 1 GiB. Above it: ENVIRONMENT */
};

/* A source with `seek` and a known length must stay usable until close; the struct is copied.
 * `options` may be NULL. */
int vgic5_snapshot_open_source(const struct vgic5_source *source,
                               const struct vgic5_open_options *options,
                               struct vgic5_snapshot **snapshot, struct vgic5_error *error);
/* Only the header: of files that are damaged further on, and of later versions too. `header` has
 * `size` bytes: no more are filled, and what this library does not know is 0. */
int vgic5_snapshot_read_header_sized(const struct vgic5_source *source,
                                     struct vgic5_snapshot_header *header, size_t size,
                                     struct vgic5_error *error);
static inline int vgic5_snapshot_read_header(const struct vgic5_source *source,
                                             struct vgic5_snapshot_header *header,
                                             struct vgic5_error *error)
{
    return vgic5_snapshot_read_header_sized(source, header, sizeof(*header), error);
}
/* The same of a regular file; another kind of file is refused (ENVIRONMENT, -EINVAL). */
int vgic5_snapshot_read_header_file_sized(const char *path, struct vgic5_snapshot_header *header,
                                          size_t size, struct vgic5_error *error);
static inline int vgic5_snapshot_read_header_file(const char *path,
                                                  struct vgic5_snapshot_header *header,
                                                  struct vgic5_error *error)
{
    return vgic5_snapshot_read_header_file_sized(path, header, sizeof(*header), error);
}
int vgic5_snapshot_open_file(const char *path, struct vgic5_snapshot **snapshot,
                             struct vgic5_error *error);
void vgic5_snapshot_close(struct vgic5_snapshot *snapshot);

const struct vgic5_snapshot_header *vgic5_snapshot_header(const struct vgic5_snapshot *snapshot);
/* Covers every byte of the file: two snapshots with the same root are the same. */
#define VGIC5_SNAPSHOT_ROOT_SIZE 16
const uint8_t *vgic5_snapshot_root(const struct vgic5_snapshot *snapshot);
/* An incremental snapshot: the root hash of the one that it builds on, and where that was when this
 * one was written (which may be NULL). NULL: a full snapshot. */
const uint8_t *vgic5_snapshot_base(const struct vgic5_snapshot *snapshot, const char **name);
/* NULL: there is no such section. */
size_t vgic5_snapshot_nr_sections(const struct vgic5_snapshot *snapshot);
const struct vgic5_section *vgic5_snapshot_section(const struct vgic5_snapshot *snapshot, size_t n);
const struct vgic5_section *vgic5_snapshot_find(const struct vgic5_snapshot *snapshot,
                                                const char *type, uint64_t instance);
/* Refuse a snapshot with required sections whose type is not in `known` (UNFIT). */
int vgic5_snapshot_require_known(const struct vgic5_snapshot *snapshot, const char *const *known,
                                 size_t nr_known, struct vgic5_error *error);

/* Check every frame's hash without decompressing into anything (DAMAGED on the first bad one). */
int vgic5_snapshot_verify_memory(struct vgic5_snapshot *snapshot,
                                 const struct vgic5_section *memory, struct vgic5_error *error);
/* Load a memory section into `to` (section->memory_size bytes, zero on entry; for an incremental
 * snapshot: the base's content). On failure the content of `to` is undefined. */
int vgic5_snapshot_load_memory(struct vgic5_snapshot *snapshot, const struct vgic5_section *memory,
                               void *to, struct vgic5_error *error);

/*
 * A memory section frame by frame, so that a guest can run before all its memory is there. Frames
 * have 64 KiB of guest memory (the last of a section may have less), ascending; those without any
 * non-zero page are not listed. One thread at a time per snapshot.
 */
#define VGIC5_FRAME_SIZE 65536u
#define VGIC5_PAGE_SIZE 4096u /* what a bit of `data` and `zero` stands for (doc/FORMAT.md) */
struct vgic5_frame {
    uint64_t offset;      /* from the base of its section */
    uint32_t size;        /* bytes of guest memory it describes */
    uint32_t stored;      /* bytes in the file */
    uint16_t data;        /* 4 KiB pages that it holds, bit 0 first; the others are zero, or,
                             in an incremental snapshot, as in its base */
    uint64_t file_offset; /* of its record */
    const uint8_t *hash;  /* 16 bytes; equal hashes: equal content */
    uint16_t zero;        /* of an incremental snapshot: pages that became zero */
};
size_t vgic5_snapshot_nr_frames(const struct vgic5_section *memory);
/* The n-th: 0 or -ENOENT. `frame` has `frame_size` bytes: no more are filled, and what this library
 * does not know is 0. */
int vgic5_snapshot_frame_sized(const struct vgic5_section *memory, size_t n,
                               struct vgic5_frame *frame, size_t frame_size);
static inline int vgic5_snapshot_frame(const struct vgic5_section *memory, size_t n,
                                       struct vgic5_frame *frame)
{
    return vgic5_snapshot_frame_sized(memory, n, frame, sizeof(*frame));
}
/* Check the n-th frame and put its pages into `frame`, the memory of that frame (its size in bytes,
 * zero on entry, or the base's content, as for load_memory). -EINVAL (BUG): there is no n-th. */
int vgic5_snapshot_load_frame(struct vgic5_snapshot *snapshot, const struct vgic5_section *memory,
                              size_t n, void *frame, struct vgic5_error *error);

/* ---- A snapshot and its bases ---------------------------------------------------------------- */

/*
 * A snapshot file and, if it is incremental, those that it builds on, down to a full one, all open.
 * Its memory sections are *ranges*, in ascending order of their guest-physical addresses, and are
 * the same in all of the snapshots; frames are numbered through all ranges, from 0. Any thread may
 * call what takes a chain, except where it says otherwise.
 */
struct vgic5_chain;

#define VGIC5_CHAIN_MAX 64u /* snapshots that build on each other */

/* `base` is where the first base is, if not where the snapshot says; may be NULL. -ENOLINK: what it
 * builds on is not there (ENVIRONMENT), is another snapshot (UNFIT), is damaged, has other memory,
 * or they are more than VGIC5_CHAIN_MAX (DAMAGED): the right `base` may help. -EINVAL with REQUEST:
 * a `base` for a full snapshot. Otherwise as vgic5_snapshot_open_file. */
int vgic5_chain_open(const char *path, const char *base, struct vgic5_chain **chain,
                     struct vgic5_error *error);
/* One more owner; it returns `chain`. Each owner closes; the last close frees. NULL: nothing. */
struct vgic5_chain *vgic5_chain_share(struct vgic5_chain *chain);
void vgic5_chain_close(struct vgic5_chain *chain);

/* Is the file at `path` one of the chain, by whatever name? To write over it would break it. */
bool vgic5_chain_has_file(const struct vgic5_chain *chain, const char *path);
size_t vgic5_chain_nr_levels(const struct vgic5_chain *chain);
/* Level 0 is the snapshot itself. They belong to the chain. NULL: there is none. Reading frames of
 * a snapshot while others use the chain is for the functions below. */
struct vgic5_snapshot *vgic5_chain_snapshot(const struct vgic5_chain *chain, size_t level);
size_t vgic5_chain_nr_ranges(const struct vgic5_chain *chain);
const struct vgic5_section *vgic5_chain_memory(const struct vgic5_chain *chain, size_t level,
                                               size_t range);

uint64_t vgic5_chain_nr_frames(const struct vgic5_chain *chain);
/* Does any snapshot of the chain store something of this frame? Where none does it is zero. */
bool vgic5_chain_has_frame(const struct vgic5_chain *chain, uint64_t number);
/* Check frame `number` and put it into `frame`: VGIC5_FRAME_SIZE bytes, or what the last frame of a
 * range has, zero on entry. DAMAGED, with `frame` undefined; -EINVAL (BUG): there is none. */
int vgic5_chain_load_frame(struct vgic5_chain *chain, uint64_t number, void *frame,
                           struct vgic5_error *error);
/* Compare every frame of every snapshot with its hash. */
int vgic5_chain_verify(struct vgic5_chain *chain, struct vgic5_error *error);

/* How far long work is; `done` (may be NULL) runs on the thread that called. */
struct vgic5_progress {
    uint32_t size; /* sizeof(struct vgic5_progress) */
    void (*done)(void *opaque, uint64_t part, uint64_t all);
    void *opaque;
};
/* A full snapshot of the same state, to `path`: a file that appears whole or not at all, or a FIFO
 * that somebody reads. `progress` may be NULL. */
int vgic5_chain_flatten(struct vgic5_chain *chain, const char *path,
                        const struct vgic5_progress *progress, struct vgic5_error *error);

/* ---- Pages on demand ------------------------------------------------------------------------- */

/* The guest memory of a chain, of which a frame is read, checked and decompressed when it is first
 * asked for. One thread at a time; several may each have one of the same chain. */
struct vgic5_pages;

/* Shares the chain. -ENOMEM. */
int vgic5_pages_open(struct vgic5_chain *chain, struct vgic5_pages **pages,
                     struct vgic5_error *error);
void vgic5_pages_close(struct vgic5_pages *pages);
/* `*content` (may be NULL) is frame `number`, until close. A negative errno: see pages_error
 * (-EINVAL: there is no such frame). */
int vgic5_pages_frame(struct vgic5_pages *pages, uint64_t number, const void **content);
/* For struct vgic5_host and struct vgic5_guest_reader: `opaque` is a struct vgic5_pages. -EFAULT:
 * there is no memory; -EIO: a frame is damaged. What is written stays in this process. */
int vgic5_pages_read(void *opaque, uint64_t ipa, void *to, size_t size);
int vgic5_pages_write(void *opaque, uint64_t ipa, const void *from, size_t size);
/* Of the last read that failed; its cause is NONE if none has. */
const struct vgic5_error *vgic5_pages_error(const struct vgic5_pages *pages);

#ifdef __cplusplus
}
#endif
#endif
