// SPDX-License-Identifier: Apache-2.0

// The same work as tests/bench/many_gets.c, as one would write it in Go:
// net/http, one goroutine per connection, encoding/json, sorted keys.
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

type answer struct {
	Data struct {
		Data map[string]any `json:"data"`
	} `json:"data"`
}

func one(client *http.Client, base string, i int64) (byte, error) {
	url := fmt.Sprintf("%s/v1/secret/data/s%06d", base, i)
	request, err := http.NewRequest("GET", url, nil)
	if err != nil {
		return 0, err
	}
	request.Header.Set("X-Vault-Request", "true")
	request.Header.Set("X-Vault-Token", "bench")
	response, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err
	}
	var a answer
	if err := json.Unmarshal(body, &a); err != nil {
		return 0, err
	}
	canonical, err := json.Marshal(a.Data.Data) // sorts keys
	if err != nil {
		return 0, err
	}
	mac := hmac.New(sha256.New, make([]byte, 32))
	mac.Write(canonical)
	return mac.Sum(nil)[0], nil
}

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: many_gets ADDRESS COUNT CONNECTIONS")
		os.Exit(2)
	}
	count, _ := strconv.ParseInt(os.Args[2], 10, 64)
	connections, _ := strconv.Atoi(os.Args[3])
	client := &http.Client{Transport: &http.Transport{
		MaxIdleConns:        connections,
		MaxIdleConnsPerHost: connections,
		DisableCompression:  true,
	}}
	var next, sum atomic.Int64
	var all sync.WaitGroup
	from := time.Now()
	for c := 0; c < connections; c++ {
		all.Add(1)
		go func() {
			defer all.Done()
			for i := next.Add(1) - 1; i < count; i = next.Add(1) - 1 {
				b, err := one(client, os.Args[1], i)
				if err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(1)
				}
				sum.Add(int64(b))
			}
		}()
	}
	all.Wait()
	fmt.Printf("%.3f %d\n", time.Since(from).Seconds(), sum.Load())
}
