package boltstore

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"

	"mintkey/store"
)

// bbolt maps the file into memory and believes what it finds there: on a damaged file it panics, or the process dies of a signal. So the
// pages are examined before bbolt uses them, with plain reads whose bounds are checked. The layout is that of version 2 of bbolt's format:
// integers in the machine's byte order, offsets relative to the element that holds them.

const (
	pageHeader  = 16 // id uint64, flags uint16, count uint16, overflow uint32
	elementSize = 16 // of a branch page: pos, ksize uint32, page uint64; of a leaf page: flags, pos, ksize, vsize uint32
	metaSize    = 56 // without the checksum that follows
	metaMagic   = 0xED0CDAED
	metaVersion = 2
	noFreelist  = ^uint64(0)

	branchPage   = 0x01
	leafPage     = 0x02
	freelistPage = 0x10
	bucketFlag   = 0x01
)

func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %s", store.ErrDamaged, fmt.Sprintf(format, args...))
}

// meta is what a meta page says of the file.
type meta struct{ root, freelist, pages, transaction uint64 }

// examination is one walk through all pages in use.
type examination struct {
	file     io.ReaderAt
	pageSize uint64
	pages    uint64 // that the file must have
	used     []bool // by page
	topOnly  bool   // leaves out what is in the buckets
}

// newExamination returns store.ErrDamaged unless a meta page is sound and all pages are there.
func newExamination(file io.ReaderAt, size int64, pageSize int) (x examination, m meta, err error) {
	x = examination{file: file, pageSize: uint64(pageSize)}
	if size%int64(pageSize) != 0 {
		return x, m, damaged("%d bytes are not a whole number of pages", size)
	}
	if m, err = x.readMeta(); err != nil {
		return x, m, err
	}
	if x.pages = m.pages; m.pages > uint64(size)/x.pageSize {
		return x, m, damaged("it is cut off: %d bytes, and %d pages of %d bytes belong to it", size, m.pages, pageSize)
	}
	x.used = make([]bool, m.pages)
	return x, m, nil
}

// walk examines the trees that begin at a meta page, and the list of free pages.
func (x *examination) walk(m meta) error {
	if err := x.tree(m.root, true, bounds{}); err != nil {
		return err
	}
	return x.freelist(m.freelist)
}

// checkPages returns store.ErrDamaged, with the reason, unless all pages of the file are there and form sound trees. It reads the whole
// file, which nobody may change meanwhile.
func checkPages(file io.ReaderAt, size int64, pageSize int) error {
	x, m, err := newExamination(file, size, pageSize)
	if err != nil {
		return err
	}
	return x.walk(m)
}

// checkTop is checkPages for what bbolt reads when it opens a file: meta pages, buckets and free pages. All pages must be there.
func checkTop(file io.ReaderAt, size int64, pageSize int) error {
	x, m, err := newExamination(file, size, pageSize)
	if err != nil {
		return err
	}
	x.topOnly = true
	return x.walk(m)
}

// readMeta returns the newer of the two meta pages. One may be torn by a crash in the middle of a commit.
func (x *examination) readMeta() (newest meta, err error) {
	found := false
	for page := range uint64(2) {
		raw := make([]byte, pageHeader+metaSize+8)
		if _, err := x.file.ReadAt(raw, int64(page*x.pageSize)); err != nil {
			return newest, damaged("meta page %d: %v", page, err)
		}
		raw = raw[pageHeader:]
		sum := fnv.New64a()
		_, _ = sum.Write(raw[:metaSize])
		word := func(at int) uint64 { return binary.NativeEndian.Uint64(raw[at:]) }
		if binary.NativeEndian.Uint32(raw) != metaMagic || binary.NativeEndian.Uint32(raw[4:]) != metaVersion || word(metaSize) != sum.Sum64() {
			continue
		}
		m := meta{root: word(16), freelist: word(32), pages: word(40), transaction: word(48)}
		if !found || m.transaction > newest.transaction {
			newest, found = m, true
		}
	}
	if !found {
		return newest, damaged("neither meta page is valid")
	}
	return newest, nil
}

// read returns a page with its overflow, and notes that it is used.
func (x *examination) read(id uint64) (page, error) {
	if id < 2 || id >= x.pages {
		return nil, damaged("page %d is outside the file", id)
	}
	p := make(page, x.pageSize)
	if _, err := x.file.ReadAt(p, int64(id*x.pageSize)); err != nil {
		return nil, damaged("page %d: %v", id, err)
	}
	overflow := uint64(binary.NativeEndian.Uint32(p[12:]))
	if found := binary.NativeEndian.Uint64(p); found != id || overflow >= x.pages-id {
		return nil, damaged("page %d has a wrong header", id)
	}
	for i := id; i <= id+overflow; i++ {
		if x.used[i] {
			return nil, damaged("page %d is used twice", i)
		}
		x.used[i] = true
	}
	if overflow == 0 {
		return p, nil
	}
	p = make(page, (1+overflow)*x.pageSize)
	if _, err := x.file.ReadAt(p, int64(id*x.pageSize)); err != nil {
		return nil, damaged("page %d: %v", id, err)
	}
	return p, nil
}

// bounds are what the keys of a page must keep to: from is the least, and all are less than to. Nil is no bound.
type bounds struct{ from, to []byte }

func (b bounds) allow(key []byte) bool {
	return len(key) > 0 && bytes.Compare(key, b.from) >= 0 && (b.to == nil || bytes.Compare(key, b.to) < 0)
}

// tree examines the tree below a page. The root tree has buckets only, and a bucket has none.
func (x *examination) tree(id uint64, ofBuckets bool, within bounds) error {
	p, err := x.read(id)
	if err != nil {
		return err
	}
	switch p.flags() {
	case leafPage:
		err = x.leaf(p, ofBuckets, within)
	case branchPage:
		err = x.branch(p, ofBuckets, within)
	default:
		err = damaged("unexpected kind %#x", p.flags())
	}
	if err != nil {
		return fmt.Errorf("%w (page %d)", err, id)
	}
	return nil
}

func (x *examination) branch(p page, ofBuckets bool, within bounds) error {
	if p.count() == 0 {
		return damaged("a branch without leaves")
	}
	keys, err := p.keys(within)
	if err != nil {
		return err
	}
	for i, key := range keys {
		below := bounds{key, within.to}
		if i+1 < len(keys) {
			below.to = keys[i+1]
		}
		if err := x.tree(binary.NativeEndian.Uint64(p.element(i)[8:]), ofBuckets, below); err != nil {
			return err
		}
	}
	return nil
}

func (x *examination) leaf(p page, ofBuckets bool, within bounds) error {
	keys, err := p.keys(within)
	if err != nil {
		return err
	}
	for i, key := range keys {
		element := p.element(i)
		isBucket := binary.NativeEndian.Uint32(element)&bucketFlag != 0
		if isBucket != ofBuckets {
			return damaged("a record where a bucket belongs, or the reverse")
		}
		begin := uint64(pageHeader+i*elementSize) + uint64(binary.NativeEndian.Uint32(element[4:])) + uint64(len(key))
		end := begin + uint64(binary.NativeEndian.Uint32(element[12:]))
		if end > uint64(len(p)) {
			return damaged("a value beyond its page")
		}
		if !isBucket {
			continue
		}
		if err := x.bucket(p[begin:end]); err != nil {
			return fmt.Errorf("%w (bucket %q)", err, key)
		}
	}
	return nil
}

// bucket examines the tree of a bucket: the value has the number of its root page and its last sequence, or the page itself if it
// is small.
func (x *examination) bucket(value []byte) error {
	if len(value) < 16 {
		return damaged("a bucket without a root")
	}
	if root := binary.NativeEndian.Uint64(value); root != 0 {
		if x.topOnly && 2 <= root && root < x.pages {
			return nil
		}
		return x.tree(root, false, bounds{})
	}
	inline := page(value[16:])
	if len(inline) < pageHeader || inline.flags() != leafPage {
		return damaged("a bucket without a page")
	}
	return x.leaf(inline, false, bounds{})
}

// freelist examines the list of pages that may be written to.
func (x *examination) freelist(id uint64) error {
	if id == noFreelist {
		return nil
	}
	p, err := x.read(id)
	if err != nil {
		return err
	}
	ids, count := p[pageHeader:], uint64(p.count())
	if count == 0xFFFF { // too long for the header
		count, ids = binary.NativeEndian.Uint64(ids), ids[8:]
	}
	if p.flags() != freelistPage || count > uint64(len(ids))/8 {
		return damaged("the list of free pages (page %d) has a wrong header", id)
	}
	for i := range count {
		free := binary.NativeEndian.Uint64(ids[8*i:])
		if free < 2 || free >= x.pages || x.used[free] {
			return damaged("page %d can't be free", free)
		}
		x.used[free] = true
	}
	return nil
}

// page is a page with its overflow.
type page []byte

func (p page) flags() uint16 { return binary.NativeEndian.Uint16(p[8:]) }
func (p page) count() int    { return int(binary.NativeEndian.Uint16(p[10:])) }

func (p page) element(i int) []byte {
	at := pageHeader + i*elementSize
	return p[at : at+elementSize]
}

// keys returns the keys of a branch or a leaf, which must ascend within the bounds.
func (p page) keys(within bounds) ([][]byte, error) {
	if pageHeader+p.count()*elementSize > len(p) {
		return nil, damaged("more entries than fit")
	}
	at := 0 // of the position in an element
	if p.flags() == leafPage {
		at = 4
	}
	keys := make([][]byte, p.count())
	for i := range keys {
		element := p.element(i)
		begin := uint64(pageHeader+i*elementSize) + uint64(binary.NativeEndian.Uint32(element[at:]))
		end := begin + uint64(binary.NativeEndian.Uint32(element[at+4:]))
		if end > uint64(len(p)) {
			return nil, damaged("a key beyond its page")
		}
		keys[i] = p[begin:end]
		if !within.allow(keys[i]) || i > 0 && bytes.Compare(keys[i-1], keys[i]) >= 0 {
			return nil, damaged("keys out of order")
		}
	}
	return keys, nil
}
