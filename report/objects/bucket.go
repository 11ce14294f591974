package objects

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"

	"tcpwatch/internal/store"
)

// Limits of time.
const (
	openWithin    = 10 * time.Second // to answer at the beginning
	requestWithin = 2 * time.Minute  // a request with all its tries
	answerWithin  = 30 * time.Second // one try, when all was sent
	roleWithin    = 3 * time.Second  // a host to tell its role
	tries         = 5
)

// Options are those of a Bucket.
type Options struct {
	Version string // of this program
	Write   bool
	Memory  int64 // what may be held of blocks that are read, or of parts that wait to be sent; MostHeld where 0
}

// MostHeld is what a Bucket holds, in bytes, besides a part of each file that is written.
const MostHeld = 40 << 20

// Bucket is a store.Store of objects below a prefix.
type Bucket struct {
	t      *Target
	client *minio.Core
	o      Options
	cache  cache
}

// Bucket is the bucket, which nobody has asked for yet.
func (t *Target) Bucket(o Options) (*Bucket, error) {
	client, err := minio.NewCore(t.endpoint.Host, &minio.Options{Creds: t.login, Secure: t.endpoint.Scheme == "https", Transport: t.transport, Region: t.region, MaxRetries: tries})
	if err != nil {
		return nil, t.plain(err)
	}
	client.SetAppInfo("tcpwatch", o.Version)
	o.Memory = cmp.Or(o.Memory, MostHeld)
	return &Bucket{t: t, client: client, o: o, cache: cache{most: int(max(2, o.Memory/blockBytes))}}, nil
}

// Check asks whether the bucket is there, and to be read, or written to.
func (b *Bucket) Check() error {
	ctx, cancel := context.WithTimeout(context.Background(), openWithin)
	defer cancel()
	if v, err := b.t.login.GetWithContext(nil); err != nil || v.AccessKeyID == "" {
		return errNoKeys
	}
	_, err := b.list(ctx, "", 1)
	if err == nil || b.o.Write && denied(err) { // who may only write may not list
		return nil
	}
	return b.t.plain(err)
}

// String is its URL.
func (b *Bucket) String() string { return b.t.url }

// key is the key of a file.
func (b *Bucket) key(name string) string { return b.t.prefix + name }

// List are the files below a folder; see store.Store.
func (b *Bucket) List(folder string) ([]store.Entry, error) {
	all, err := b.list(context.Background(), folder, 0)
	if err != nil {
		return nil, b.t.plain(err)
	}
	for x := range b.client.ListIncompleteUploads(context.Background(), b.t.bucket, b.below(folder), true) {
		if x.Err != nil {
			break // who may not know of them, or a store that does not tell
		}
		all = append(all, store.Entry{Name: strings.TrimPrefix(x.Key, b.t.prefix), Size: x.Size, Unfinished: true})
	}
	slices.SortStableFunc(all, func(x, y store.Entry) int { return strings.Compare(x.Name, y.Name) })
	return all, nil
}

// below is how keys begin of what is below a folder.
func (b *Bucket) below(folder string) string {
	if folder = path.Clean("/" + folder)[1:]; folder == "" {
		return b.t.prefix
	}
	return b.key(folder) + "/"
}

// list lists so many files below a folder, 0 for all.
func (b *Bucket) list(ctx context.Context, folder string, most int) (all []store.Entry, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	late := time.AfterFunc(requestWithin, cancel)
	defer late.Stop()
	for x := range b.client.Client.ListObjects(ctx, b.t.bucket, minio.ListObjectsOptions{Prefix: b.below(folder), Recursive: true, MaxKeys: most}) {
		if x.Err != nil {
			return nil, x.Err
		}
		late.Reset(requestWithin)
		if name := strings.TrimPrefix(x.Key, b.t.prefix); !strings.HasSuffix(name, "/") { // else a folder, as some tools make them
			all = append(all, store.Entry{Name: name, Size: x.Size})
		}
		if most > 0 {
			break
		}
	}
	return all, ctx.Err()
}

// Remove removes a file, and uploads of it that were not finished; see store.Store.
func (b *Bucket) Remove(name string) error {
	ctx, cancel := context.WithTimeout(context.Background(), requestWithin)
	defer cancel()
	_ = b.client.RemoveIncompleteUpload(ctx, b.t.bucket, b.key(name)) // who may not know of them
	if err := b.client.RemoveObject(ctx, b.t.bucket, b.key(name), minio.RemoveObjectOptions{}); err != nil {
		return b.t.plain(err)
	}
	return nil
}

// Open opens a file; see store.Store.
func (b *Bucket) Open(name string) (store.Object, error) {
	ctx, cancel := context.WithTimeout(context.Background(), requestWithin)
	defer cancel()
	about, err := b.client.StatObject(ctx, b.t.bucket, b.key(name), minio.StatObjectOptions{})
	if err != nil {
		if err = b.t.plain(err); errors.Is(err, errNoBucket) {
			err = fmt.Errorf("%w", fs.ErrNotExist) // HEAD does not tell them apart
		}
		return nil, err
	}
	return &object{in: b, key: b.key(name), size: about.Size, etag: about.ETag}, nil
}
