/* Reading and writing the entropy-coded bits of a JPEG. ITU-T T.81, annexes C and F. */
#ifndef IMGCORE_HUFFMAN_H
#define IMGCORE_HUFFMAN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_CODE = 16, LOOKUP_BITS = 10, READ_BEYOND = 512 };

/* Bits of what has no stuffed bytes any more, the next one on top. READ_BEYOND zeros lie behind
 * `end`, so that whoever asks `reader_lacks` after each 400 bytes at the latest stays within them. */
typedef struct {
  const uint8_t *at, *end;
  uint64_t bits;
  int count;
} reader_t;

/* Code words by their first LOOKUP_BITS bits, as length << 8 | symbol; longer ones by length: words
 * up to `last` are `symbols` from `offset` on. */
typedef struct {
  uint16_t lookup[1 << LOOKUP_BITS];
  int32_t last[LONGEST_CODE + 1], offset[LONGEST_CODE + 1];
  const uint8_t *symbols;
} decoding_t;

/* Each symbol's code word, as word << 8 | length, which is 0 where it has none. */
typedef struct {
  uint32_t words[256];
} coding_t;

/* Bytes with stuffing, and up to 64 bits that are not among them yet. */
typedef struct {
  uint8_t *data;
  size_t length, capacity;
  uint64_t bits;
  int count;
} writer_t;

/* The code words of a table: 16 numbers of them, by length, and their symbols, shortest first. Returns
 * how many there are, -1 where words run out or one would be all ones, which none may be. */
static inline int huffman_words(const uint8_t *table, uint16_t *words, uint8_t *lengths) {
  int count = 0;
  uint32_t word = 0;
  for (int length = 1; length <= LONGEST_CODE; length++, word <<= 1)
    for (int i = 0; i < table[length - 1]; i++, count++, word++) {
      if ((word + 1) >> length) return -1;
      words[count] = (uint16_t)word;
      lengths[count] = (uint8_t)length;
    }
  return count;
}

static inline bool decoding_make(decoding_t *codes, const uint8_t *table) {
  uint16_t words[256];
  uint8_t lengths[256];
  const int count = huffman_words(table, words, lengths);
  memset(codes->lookup, 0, sizeof codes->lookup);
  for (int length = 0; length <= LONGEST_CODE; length++) codes->last[length] = -1;
  codes->symbols = table + LONGEST_CODE;
  for (int i = 0; i < count; i++) {
    const int length = lengths[i], free_bits = LOOKUP_BITS - length;
    codes->last[length] = words[i];
    codes->offset[length] = i - words[i];
    for (int j = 0; free_bits >= 0 && j < 1 << free_bits; j++)
      codes->lookup[(words[i] << free_bits) + j] = (uint16_t)(length << 8 | codes->symbols[i]);
  }
  return count >= 0;
}

static inline bool coding_make(coding_t *codes, const uint8_t *table) {
  uint16_t words[256];
  uint8_t lengths[256];
  const int count = huffman_words(table, words, lengths);
  memset(codes, 0, sizeof *codes);
  for (int i = 0; i < count; i++)
    codes->words[table[LONGEST_CODE + i]] = (uint32_t)words[i] << 8 | lengths[i];
  return count >= 0;
}

static inline uint64_t big_endian(uint64_t bits) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  return __builtin_bswap64(bits);
#else
  return bits;
#endif
}

/* At least 56 bits, of which those beyond the end are zeros. */
static inline void reader_fill(reader_t *reader) {
  uint64_t next;
  memcpy(&next, reader->at, sizeof next);
  reader->bits |= big_endian(next) >> reader->count;
  reader->at += (63 - reader->count) >> 3;
  reader->count |= 56;
}

static inline bool reader_lacks(const reader_t *reader) {
  return reader->at - reader->count / 8 > reader->end;
}

/* Whether no whole byte is left. */
static inline bool reader_done(const reader_t *reader) {
  return reader->at - reader->count / 8 == reader->end;
}

/* The next `count` bits, 1 to 32 of those that are there. */
static inline uint32_t reader_take(reader_t *reader, int count) {
  const uint32_t value = (uint32_t)(reader->bits >> (64 - count));
  reader->bits <<= count;
  reader->count -= count;
  return value;
}

/* The next symbol, or -1 where there is no such code word. */
static inline int reader_symbol(reader_t *reader, const decoding_t *codes) {
  const uint16_t found = codes->lookup[reader->bits >> (64 - LOOKUP_BITS)];
  if (found) {
    reader->bits <<= found >> 8;
    reader->count -= found >> 8;
    return found & 255;
  }
  for (int length = LOOKUP_BITS + 1; length <= LONGEST_CODE; length++) {
    const int32_t word = (int32_t)(reader->bits >> (64 - length));
    if (word > codes->last[length]) continue;
    reader->bits <<= length;
    reader->count -= length;
    return codes->symbols[word + codes->offset[length]];
  }
  return -1;
}

/* A number of `size` bits, 1 to 15: without its sign, as negative ones are less than half. */
static inline int32_t reader_number(reader_t *reader, int size) {
  const int32_t value = (int32_t)reader_take(reader, size);
  return value >> (size - 1) ? value : value - (1 << size) + 1;
}

static inline bool writer_room(const writer_t *writer, size_t bytes) {
  return writer->capacity - writer->length >= bytes;
}

static inline void writer_stuff(writer_t *writer, uint8_t byte) {
  writer->data[writer->length++] = byte;
  if (byte == 0xFF) writer->data[writer->length++] = 0;
}

static inline void writer_bytes(writer_t *writer, uint64_t bits) {
  if (bits & ~(bits + 0x0101010101010101) & 0x8080808080808080) { /* one of them may be 0xFF */
    for (int shift = 56; shift >= 0; shift -= 8) writer_stuff(writer, (uint8_t)(bits >> shift));
    return;
  }
  bits = big_endian(bits);
  memcpy(writer->data + writer->length, &bits, sizeof bits);
  writer->length += sizeof bits;
}

/* The lowest `count` bits of `value`, at most 32, the others of which are zero. */
static inline void writer_put(writer_t *writer, uint32_t value, int count) {
  const int more = writer->count + count - 64;
  if (more <= 0) {
    writer->bits = writer->bits << count | value;
    writer->count += count;
  } else {
    writer_bytes(writer, writer->bits << (count - more) | (uint64_t)value >> more);
    writer->bits = value; /* what is told already is shifted out later */
    writer->count = more;
  }
}

/* What is left of bits, filled up with ones, and the end of the image. */
static inline void writer_end(writer_t *writer) {
  writer_put(writer, 0x7F, 7);
  for (; writer->count > 7; writer->count -= 8)
    writer_stuff(writer, (uint8_t)(writer->bits >> (writer->count - 8)));
  writer->data[writer->length++] = 0xFF;
  writer->data[writer->length++] = 0xD9;
}

#endif
