/* SPDX-License-Identifier: BSD-3-Clause */
#include "kvmd/internal.h"

int turn_lock_init(struct turn_lock *lock)
{
    int ret = pthread_mutex_init(&lock->mutex, NULL);

    lock->next = lock->serving = 0;
    if (ret)
        return -ret;
    ret = pthread_cond_init(&lock->turn, NULL);
    if (ret)
        pthread_mutex_destroy(&lock->mutex);
    return -ret;
}

void turn_lock_destroy(struct turn_lock *lock)
{
    pthread_cond_destroy(&lock->turn);
    pthread_mutex_destroy(&lock->mutex);
}

void turn_lock(struct turn_lock *lock)
{
    uint64_t mine;

    pthread_mutex_lock(&lock->mutex);
    mine = __atomic_fetch_add(&lock->next, 1, __ATOMIC_RELAXED); /* turn_is_wanted reads it */
    while (lock->serving != mine)
        pthread_cond_wait(&lock->turn, &lock->mutex);
    pthread_mutex_unlock(&lock->mutex);
}

void turn_unlock(struct turn_lock *lock)
{
    pthread_mutex_lock(&lock->mutex);
    __atomic_fetch_add(&lock->serving, 1, __ATOMIC_RELAXED);
    if (lock->next != lock->serving)
        pthread_cond_broadcast(&lock->turn);
    pthread_mutex_unlock(&lock->mutex);
}

bool turn_is_wanted(struct turn_lock *lock)
{
    return __atomic_load_n(&lock->next, __ATOMIC_RELAXED) -
               __atomic_load_n(&lock->serving, __ATOMIC_RELAXED) >
           1;
}
