/* The atomics of atomics.h, hammered from four threads while a fifth looks on; for ThreadSanitizer,
 * which reports what the orderings do not order.
 *
 * Prints what is wrong and ends with 1; ends with 0 if nothing is. */
#define _POSIX_C_SOURCE 200809L /* for barriers */
#include <pthread.h>
#include <stdio.h>

#include "atomics.h"

enum { THREADS = 4, ROUNDS = 50000, LARGEST = 100, EDGES = 3 };

static atomic_int wrong;

#define EXPECT(condition)                                     \
  do {                                                        \
    if (!(condition)) {                                       \
      printf("line %d: Expected %s\n", __LINE__, #condition); \
      wrong = 1;                                              \
    }                                                         \
  } while (0)

static uint64_t edges[EDGES] = {10, 50, 100};
static cell_t *counter, *extremes, *pair, *taken, *finished;
static histogram_t histogram = {NULL, edges, EDGES};

static const memory_order orders[] = {memory_order_relaxed, memory_order_acquire, memory_order_release,
                                      memory_order_acq_rel, memory_order_seq_cst};

static pthread_barrier_t together;

static void *hammer(void *argument) {
  const uint64_t thread = (uint64_t)(uintptr_t)argument;
  pthread_barrier_wait(&together);
  for (uint64_t i = 0; i < ROUNDS; i++) {
    cell_add(counter, 1, orders[i % 5]);
    const uint64_t number = i * THREADS + thread + 1; /* threads outbid each other all the time */
    cell_lower(&extremes[0], UINT64_MAX - number);
    EXPECT(cell_load(&extremes[0], memory_order_relaxed) <= UINT64_MAX - number);
    cell_raise(&extremes[1], number);
    EXPECT(cell_load(&extremes[1], memory_order_relaxed) >= number);
    cell_add(taken, cell_swap(&taken[1], number), memory_order_relaxed);
    cell_add(&pair[0], 1, memory_order_release); /* a request, then its bytes */
    cell_add(&pair[1], i % (LARGEST + 1), memory_order_release);
    histogram_record(&histogram, i % 200);
  }
  cell_add(finished, 1, memory_order_release);
  return NULL;
}

static void look(void) {
  const uint64_t bytes = cell_load(&pair[1], memory_order_acquire);
  const uint64_t requests = cell_load(&pair[0], memory_order_acquire);
  EXPECT(bytes <= requests * LARGEST);
  uint64_t least = 0; /* that the counted values may sum up to */
  for (int i = 0; i <= EDGES; i++) {
    const uint64_t count = cell_load(&histogram.cells[i], memory_order_acquire);
    least += count * (i ? edges[i - 1] + 1 : 0);
  }
  EXPECT(cell_load(&histogram.cells[EDGES + 1], memory_order_acquire) >= least);
}

static void exact(void) {
  EXPECT(cell_load(counter, memory_order_relaxed) == THREADS * ROUNDS);
  const uint64_t all = THREADS * ROUNDS;
  EXPECT(cell_load(&extremes[0], memory_order_seq_cst) == UINT64_MAX - all);
  EXPECT(cell_load(&extremes[1], memory_order_seq_cst) == all);
  EXPECT(cell_load(&pair[0], memory_order_acquire) == THREADS * ROUNDS);
  uint64_t sums[EDGES + 2] = {0};
  for (uint64_t i = 0; i < ROUNDS; i++) {
    const uint64_t value = i % 200;
    sums[value <= 10 ? 0 : value <= 50 ? 1 : value <= 100 ? 2 : 3] += THREADS;
    sums[EDGES + 1] += THREADS * value;
  }
  for (int i = 0; i < EDGES + 2; i++)
    EXPECT(cell_load(&histogram.cells[i], memory_order_acquire) == sums[i]);
  /* Each number that was swapped in came out once, the last one now. */
  EXPECT(cell_load(taken, memory_order_relaxed) + cell_swap(&taken[1], 0) == all * (all + 1) / 2);
}

/* Plain memory that one thread writes and another reads, with nothing but the cell between them. */
static uint64_t letter;

static void *post(void *order) {
  letter = 42;
  cell_add(finished, 1, *(const memory_order *)order);
  return NULL;
}

static void read_letter(memory_order write, memory_order read) {
  pthread_t poster;
  cell_store(finished, 0);
  letter = 0;
  EXPECT(!pthread_create(&poster, NULL, post, &write));
  while (!cell_load(finished, read)) {
  }
  EXPECT(letter == 42);
  pthread_join(poster, NULL);
}

static void wraps(void) {
  cell_store(counter, UINT64_MAX);
  cell_add(counter, 3, memory_order_relaxed);
  EXPECT(cell_load(counter, memory_order_relaxed) == 2);
}

static cell_t *some(size_t count) {
  cell_t *cells = cells_make(count);
  if (!cells) exit(2);
  EXPECT((uintptr_t)cells % CACHE_LINE == 0 && sizeof *cells == CACHE_LINE);
  return cells;
}

int main(int count, char **arguments) {
  counter = some(1), extremes = some(2), pair = some(2), taken = some(2), finished = some(1);
  histogram.cells = some(EDGES + 2);
  if (count > 1) { /* the driver's own test: what relaxed does not order must be reported */
    (void)arguments;
    read_letter(memory_order_relaxed, memory_order_relaxed);
    return wrong;
  }
  cell_store(&extremes[0], UINT64_MAX);

  pthread_t threads[THREADS];
  EXPECT(!pthread_barrier_init(&together, NULL, THREADS));
  for (uintptr_t i = 0; i < THREADS; i++)
    EXPECT(!pthread_create(&threads[i], NULL, hammer, (void *)i));
  while (cell_load(finished, memory_order_acquire) < THREADS) look();
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  exact();

  for (size_t i = 0; i < 4; i++) {
    const memory_order writes[] = {memory_order_release, memory_order_acq_rel, memory_order_seq_cst,
                                   memory_order_release};
    const memory_order reads[] = {memory_order_acquire, memory_order_acquire, memory_order_seq_cst,
                                  memory_order_seq_cst};
    read_letter(writes[i], reads[i]);
  }
  wraps();
  free(counter), free(extremes), free(pair), free(taken), free(finished), free(histogram.cells);
  return wrong;
}
