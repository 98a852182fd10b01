/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Guest RAM and its history: RAM that is filled from a snapshot when it is first touched, which
 * pages were written since which snapshot, and saving it while the guest goes on.
 *
 * A RAM is a list of guest-physical ranges that the caller has mapped. There may be any number of
 * RAMs in a process, and any number of threads may touch them. Which pages are written is found by
 * write protection and SIGSEGV, or by what the caller has for it (KVM_GET_DIRTY_LOG).
 *
 * A pointer may be NULL where its function says so. Elsewhere a NULL is refused and nothing
 * happens: -EINVAL where an errno is answered, and else what says that there is nothing: 0, false,
 * NULL.
 */
#ifndef VGIC5_RAM_H
#define VGIC5_RAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vgic5/error.h>
#include <vgic5/snapshot.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- What a RAM is --------------------------------------------------------------------------- */

/* One range, in pages of 4 KiB that are also whole pages of the host. The mapping is the caller's,
 * outlives the RAM, and its protection is the RAM's business from the first vgic5_ram_restore or
 * vgic5_ram_mark on. It keeps its layout: it is passed in arrays. */
struct vgic5_ram_range {
    uint64_t base; /* guest-physical */
    uint64_t size; /* bytes */
    void *host;    /* readable and writable */
    /* The same memory mapped a second time, or NULL. It is where vgic5_ram_restore puts frames
     * while nobody can see them half filled; a private mapping does not need it (ram_restore says
     * why). */
    void *alias;
};

/*
 * Who knows which pages were written. Bitmaps have a bit for each 4 KiB page of a range, bit 0 of
 * the first word first, as those of KVM_GET_DIRTY_LOG. Called with the RAM's own lock held, so by
 * one thread at a time; what it calls of this library must not be of the same RAM.
 */
struct vgic5_dirty_source {
    uint32_t size; /* sizeof(struct vgic5_dirty_source) */
    /* From now on writes are noted. Called once, before the first take. 0 or a negative errno:
     * then nothing is known, and saves compare. May be NULL. */
    int (*begin)(void *opaque);
    /* Sets the bits of what was written in the `range`-th range since the last take, and begins
     * anew for these pages, so that no write is lost between two takes. Bits that are set stay.
     * Not 0: all of the range counts as written. */
    int (*take)(void *opaque, size_t range, uint64_t *pages);
    /* The RAM goes away. May be NULL. */
    void (*end)(void *opaque);
    void *opaque;
};

struct vgic5_ram_options {
    uint32_t size; /* sizeof(struct vgic5_ram_options) */
    /* NULL: write protection. */
    const struct vgic5_dirty_source *source;
    /* A thread has touched memory that cannot be had: its frame in the snapshot has been damaged
     * since it was verified, or the host refuses to change the protection. On that thread, inside
     * of the SIGSEGV handler. When it returns, the fault goes to the handler that was there before.
     * NULL: so it does at once. */
    void (*lost)(void *opaque, const struct vgic5_error *error);
    void *opaque;
};

struct vgic5_ram;

/*
 * Ranges ascend and do not overlap; their table is copied. `options` may be NULL. Nothing is
 * protected yet, and no handler installed. -EINVAL (BUG): a range that is no such, by its place;
 * -ENOMEM.
 *
 * The first RAM that is protected installs a handler for SIGSEGV (SA_SIGINFO, SA_ONSTACK). A fault
 * that is not of a protected page goes to the handler that was there before, with its mask and
 * flags, or to the default. A handler that is installed later has to pass on what it does not know.
 * The last RAM that goes puts the old handler back, unless another is in place by then. System
 * calls do not fault: the kernel's write to a protected page (a read() into RAM) fails with EFAULT.
 */
int vgic5_ram_create(const struct vgic5_ram_range *ranges, size_t nr_ranges,
                     const struct vgic5_ram_options *options, struct vgic5_ram **ram,
                     struct vgic5_error *error);
/* RAM is plain memory again; what has not been filled in stays zero. No thread may touch it
 * meanwhile, and no save may be under way. NULL: nothing. */
void vgic5_ram_destroy(struct vgic5_ram *ram);

/* ---- Filled when it is touched --------------------------------------------------------------- */

/*
 * RAM, which is zero and which nobody touches yet, is to be the memory of a chain, whose ranges
 * must be those of the RAM (UNFIT). A frame (64 KiB) is read, checked and decompressed when it is
 * first touched; until it is whole no thread can read it. The RAM shares the chain and so keeps it.
 * Verify it before (vgic5_chain_verify): there is no good answer to damage that is found later.
 *
 * A frame is written through `alias`, or else through /proc/self/mem, which works on private
 * mappings. Where neither does, all is filled in before this returns.
 */
int vgic5_ram_restore(struct vgic5_ram *ram, struct vgic5_chain *chain, struct vgic5_error *error);
/* Fill at least `most` frames, if there are so many left, though nobody asked for them. Returns 1
 * while frames are left, 0 when all is there, or a negative errno. Any thread. */
int vgic5_ram_fill(struct vgic5_ram *ram, uint64_t most, struct vgic5_error *error);

/* ---- What was written since ------------------------------------------------------------------ */

/*
 * A snapshot has a mark here from the moment on that its memory was taken; it gets its name, the
 * root hash, when the file is safe. Every write counts for all marks there are, so that a mark
 * which is dropped has taken nothing from the others. The eight that were kept or asked for last
 * stay. vgic5_saver_start does all this by itself; it is for those who save in another way. While
 * mark and since look, a page that is being written may be noted before the write or after it, and
 * so the guest should stand still for what is read then.
 */
void vgic5_ram_mark(struct vgic5_ram *ram);
void vgic5_ram_keep(struct vgic5_ram *ram, const uint8_t *root); /* the last mark has this name */
void vgic5_ram_drop(struct vgic5_ram *ram);                      /* there is no such snapshot */
/* The pages of a range that may differ from the snapshot `root`; all others are as they were. The
 * bitmap (as of the dirty source) is zeroed first; it may be NULL. False: nothing is known. */
bool vgic5_ram_since(struct vgic5_ram *ram, const uint8_t *root, size_t range, uint64_t *pages);

/* ---- Saving ---------------------------------------------------------------------------------- */

/* A save under way: the guest stands still while its state is collected and its pages are copied; a
 * thread compresses and writes while it goes on. */
struct vgic5_saver;

struct vgic5_save_request {
    uint32_t size;        /* sizeof(struct vgic5_save_request) */
    const char *path;     /* a file, which appears whole or not at all, or a FIFO that is read */
    const char *base;     /* of an incremental snapshot: the file; NULL: a full one */
    const char *producer; /* see vgic5_snapshot_begin */
    bool guest_waits;     /* until vgic5_saver_finish: then nothing needs to be copied */
    bool followed;        /* perhaps, by an incremental save on top of this one */
    /* Puts everything but memory, before memory is looked at: saving a VGICv5 writes the LPI IST
     * there. May be NULL. 0, or a negative errno with `error` filled. */
    int (*collect)(void *opaque, struct vgic5_snapshot_writer *writer, struct vgic5_error *error);
    void *opaque;
    /* "Saved" shall mean restorable: everything that a restore checks, of what is being saved.
     * `state` has what collect has put, and no memory; vgic5_saver_read has that. On the save's
     * thread, while the guest goes on and before memory is written; `opaque` must last until
     * vgic5_saver_finish. A negative errno with `error` filled: there will be no file, an old one
     * stays, and into a pipe nothing is written. NULL: nothing is proved. */
    int (*prove)(void *opaque, const struct vgic5_snapshot *state, struct vgic5_saver *saver,
                 struct vgic5_error *error);
};

struct vgic5_save_result {
    uint32_t size;     /* sizeof(struct vgic5_save_result), by the caller */
    bool compared;     /* all of RAM with the base, since nothing is known of it */
    uint64_t bytes;    /* of the file */
    uint64_t pages;    /* that were taken while the guest stood still */
    uint64_t still_us; /* how long vgic5_saver_start took */
};

/* Call it while nobody writes RAM; after it the guest may go on, unless it waits. The RAM has to
 * stay until finish; one save of a RAM at a time. REQUEST: a base that is a pipe, or would be
 * written over; UNFIT: a base of other memory, or too long a chain; what collect says. */
int vgic5_saver_start(struct vgic5_ram *ram, const struct vgic5_save_request *request,
                      struct vgic5_saver **saver, struct vgic5_error *error);
/* Has the thread ended? Waits at most so many milliseconds for it. */
bool vgic5_saver_is_done(struct vgic5_saver *saver, unsigned milliseconds);
unsigned vgic5_saver_percent(struct vgic5_saver *saver); /* of memory */
/* For `prove`, and on its thread: memory as it is being saved. `opaque` is the saver, so that it is
 * the read function of a struct vgic5_guest_reader. -EFAULT: not all of it is memory; else a
 * negative errno: it cannot be had. */
int vgic5_saver_read(void *opaque, uint64_t address, void *to, size_t size);
/* Give up as soon as possible: there will be no file, and an old one stays. Any thread. */
void vgic5_saver_cancel(struct vgic5_saver *saver);
/* Wait for the end, and free. The file is there whole, and safe on disk, if and only if it is 0;
 * else `error` is filled (GIVEN_UP after a cancel). `result` may be NULL. */
int vgic5_saver_finish(struct vgic5_saver *saver, struct vgic5_save_result *result,
                       struct vgic5_error *error);

#ifdef __cplusplus
}
#endif
#endif
