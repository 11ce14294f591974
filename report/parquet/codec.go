package parquet

import (
	"github.com/klauspost/compress/zstd"
	parquetzstd "github.com/parquet-go/parquet-go/compress/zstd"
)

// codec compresses pages by zstd. That of parquet-go looks back over 4 MB, for which it holds four
// times as much; a page is seldom larger than window. It is for one table.
type codec struct {
	parquetzstd.Codec
	to *zstd.Encoder
}

// window is how far back a codec looks for what it has seen before, in bytes.
const window = 128 << 10

func newCodec() *codec {
	to, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest),
		zstd.WithWindowSize(window), zstd.WithLowerEncoderMem(true), zstd.WithZeroFrames(true), zstd.WithEncoderCRC(false))
	if err != nil {
		panic(err) // an option that is out of range
	}
	return &codec{to: to}
}

// Encode compresses a page; see compress.Codec.
func (c *codec) Encode(to, page []byte) ([]byte, error) { return c.to.EncodeAll(page, to[:0]), nil }
