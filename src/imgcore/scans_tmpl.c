/* Compiled once for each instruction set, with LEVEL its name. All is static but the one function. */
#include "scans.h"
#include "scans_read.h"
#include "scans_write.h"

/* Everything that is allocated but the output. */
typedef struct {
  reading_t *readings;
  uint8_t *bytes;
  row_t rows[MOST_COMPONENTS];
} held_t;

/* The bytes of a scan without the zeros behind 0xFF; where they end. */
static uint8_t *unstuff(const scan_t *scan, uint8_t *out) {
  const uint8_t *at = scan->data, *end = at + scan->length;
  while (at < end) {
    const uint8_t *found = memchr(at, 0xFF, (size_t)(end - at));
    const uint8_t *next = found ? found + 1 : end;
    memcpy(out, at, (size_t)(next - at));
    out += next - at;
    at = next < end ? next + 1 : end;
  }
  return out;
}

static bool start_reading(held_t *held, const scan_t *scans, size_t count) {
  size_t bytes = 0;
  for (size_t i = 0; i < count; i++) bytes += scans[i].length + READ_BEYOND;
  held->readings = calloc(count, sizeof *held->readings);
  held->bytes = malloc(bytes);
  if (!held->readings || !held->bytes) return false;
  uint8_t *at = held->bytes;
  for (size_t i = 0; i < count; i++) {
    reading_t *reading = &held->readings[i];
    uint8_t *end = unstuff(&scans[i], at);
    reading->scan = &scans[i];
    reading->reader = (reader_t){.at = at, .end = end};
    memset(end, 0, READ_BEYOND);
    at = end + READ_BEYOND;
    for (int j = 0; j < scans[i].count; j++)
      if (!decoding_make(&reading->codes[j], scans[i].tables[j])) return false;
  }
  return true;
}

static bool start_writing(writing_t *writings, const frame_t *frame) {
  for (int i = 0; i < frame->count; i++) {
    const component_t *component = &frame->components[i];
    writing_t *writing = &writings[i];
    writing->previous = 0;
    if (!coding_make(&writing->dc, component->dc) || !coding_make(&writing->ac, component->ac)) return false;
    if (!writing->ac.words[ZEROS] || !writing->ac.words[BLOCK_ENDS]) return false;
  }
  return true;
}

static bool make_rows(row_t *rows, const frame_t *frame) {
  for (int i = 0; i < frame->count; i++) {
    row_t *row = &rows[i];
    row->stride = frame->across * frame->components[i].h;
    const size_t blocks = (size_t)row->stride * frame->components[i].v;
    row->blocks = calloc(blocks, sizeof *row->blocks);
    row->masks = calloc(blocks, sizeof *row->masks);
    if (!row->blocks || !row->masks) return false;
  }
  return true;
}

/* Says how many rows of blocks there are in a row of MCUs, of which the last may have fewer. */
static void count_rows(row_t *rows, const frame_t *frame, int number) {
  for (int i = 0; i < frame->count; i++) {
    const component_t *component = &frame->components[i];
    const int left = component->down - number * component->v;
    rows[i].rows = left < component->v ? left : component->v;
  }
}

static bool convert(const frame_t *frame, held_t *held, size_t count, writing_t *writings,
                    writer_t *writer) {
  for (int number = 0; number < frame->down; number++) {
    count_rows(held->rows, frame, number);
    for (size_t i = 0; i < count; i++)
      if (!read_row(&held->readings[i], frame, held->rows)) return false;
    if (!write_row(writer, writings, frame, held->rows)) return false;
  }
  for (size_t i = 0; i < count; i++)
    if (!reader_done(&held->readings[i].reader)) return false;
  if (!writer_room(writer, BLOCK_BYTES)) return false;
  writer_end(writer);
  return true;
}

static void let_go(held_t *held) {
  free(held->readings);
  free(held->bytes);
  for (int i = 0; i < MOST_COMPONENTS; i++) {
    free(held->rows[i].blocks);
    free(held->rows[i].masks);
  }
}

#define JOIN(a, b) a##b
#define NAME(level) JOIN(scans_, level)

extern scans_t NAME(LEVEL);
bool NAME(LEVEL)(const frame_t *frame, const scan_t *scans, size_t count, uint8_t *data,
                 size_t *length, size_t capacity) {
  held_t held = {0};
  writing_t writings[MOST_COMPONENTS];
  writer_t writer = {.data = data, .length = *length, .capacity = capacity};
  const bool done = start_reading(&held, scans, count) && start_writing(writings, frame) &&
                    make_rows(held.rows, frame) && convert(frame, &held, count, writings, &writer);
  *length = writer.length;
  let_go(&held);
  return done;
}
