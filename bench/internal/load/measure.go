package load

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Figures are what a run measured.
type Figures struct {
	Done    int             // answers that were right
	Errors  int             // everything else
	First   error           // the first of the errors
	Took    time.Duration   // from the first request to the last answer
	Latency []time.Duration // of right answers, sorted
}

// PerSecond returns the throughput of right answers.
func (f Figures) PerSecond() float64 { return Round(float64(f.Done)/f.Took.Seconds(), 1) }

// Quantile returns a latency in milliseconds: Quantile(0.99) is that which one
// answer of a hundred exceeds.
func (f Figures) Quantile(q float64) float64 {
	if len(f.Latency) == 0 {
		return 0
	}
	at := min(int(q*float64(len(f.Latency))), len(f.Latency)-1)
	return Round(float64(f.Latency[at])/float64(time.Millisecond), 2)
}

// Run calls one(worker, n) again and again in each of workers goroutines until
// the time is over, and measures the calls. The calls of the first warm are not
// counted, but a failure in them is.
func Run(workers int, warm, length time.Duration, one func(worker, n int) error) Figures {
	results := make([]Figures, workers)
	begin := time.Now()
	from, until := begin.Add(warm), begin.Add(warm+length)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			f := &results[w]
			f.Latency = make([]time.Duration, 0, 1<<14)
			for n := 0; ; n++ {
				start := time.Now()
				if start.After(until) {
					return
				}
				err := one(w, n)
				if err != nil {
					f.Errors++
					if f.First == nil {
						f.First = err
					}
					continue
				}
				if start.After(from) {
					f.Latency = append(f.Latency, time.Since(start))
				}
			}
		})
	}
	wg.Wait()
	return together(results, time.Since(from))
}

// RunUntil calls one(worker, n) in each of workers goroutines at every tick of
// pace, or at once where the call before took longer, until stop is closed.
func RunUntil(workers int, pace time.Duration, stop <-chan struct{}, one func(worker, n int) error) Figures {
	results := make([]Figures, workers)
	begin := time.Now()
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			f := &results[w]
			tick := time.NewTicker(pace)
			defer tick.Stop()
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				case <-tick.C:
				}
				start := time.Now()
				if err := one(w, n); err != nil {
					f.Errors++
					if f.First == nil {
						f.First = err
					}
					continue
				}
				f.Latency = append(f.Latency, time.Since(start))
			}
		})
	}
	wg.Wait()
	return together(results, time.Since(begin))
}

func together(results []Figures, took time.Duration) Figures {
	all := Figures{Took: took}
	for _, f := range results {
		all.Errors += f.Errors
		if all.First == nil {
			all.First = f.First
		}
		all.Latency = append(all.Latency, f.Latency...)
	}
	all.Done = len(all.Latency)
	slices.Sort(all.Latency)
	return all
}

// Fsyncs measures how many small writes per second the disk under dir makes
// durable, one after another: what a database without group commit would reach.
func Fsyncs(dir string, length time.Duration) (float64, error) {
	f, err := os.Create(filepath.Join(dir, "fsync-probe"))
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	defer f.Close()
	page := make([]byte, 4096)
	begin, n := time.Now(), 0
	for time.Since(begin) < length {
		if _, err := f.Write(page); err != nil {
			return 0, err
		}
		if err := f.Sync(); err != nil {
			return 0, err
		}
		n++
	}
	return Round(float64(n)/time.Since(begin).Seconds(), 0), nil
}

// OwnCPU returns the processor time that this program has used: the load's.
func OwnCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Machine says what the figures were measured on.
type Machine struct {
	Cores       int     `json:"cores"`
	CPU         string  `json:"cpu"`
	OS          string  `json:"os"`
	Go          string  `json:"go"`
	LoadAverage float64 `json:"load_average"` // over the minute before; above 0.5 others were working too
}

// ThisMachine describes the machine.
func ThisMachine() Machine {
	m := Machine{Cores: runtime.NumCPU(), OS: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version()}
	info, _ := os.ReadFile("/proc/cpuinfo")
	if _, rest, ok := strings.Cut(string(info), "model name"); ok {
		line, _, _ := strings.Cut(rest, "\n")
		m.CPU = strings.TrimSpace(strings.TrimLeft(line, "\t :"))
	}
	average, _ := os.ReadFile("/proc/loadavg")
	if fields := strings.Fields(string(average)); len(fields) > 0 {
		m.LoadAverage, _ = strconv.ParseFloat(fields[0], 64)
	}
	return m
}

// Round rounds to so many decimals.
func Round(v float64, decimals int) float64 {
	r, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'f', decimals, 64), 64)
	return r
}

// Print writes a result, as one JSON document or line by line.
func Print(result any, asJSON bool) error {
	b, err := json.MarshalIndent(result, "", "  ")
	if err != nil {
		return err
	}
	if !asJSON {
		b = []byte(strings.NewReplacer("{\n", "", "\n}", "", `"`, "", ",\n", "\n", "{", "", "  }", "").Replace(string(b)))
	}
	_, err = fmt.Println(string(b))
	return err
}
