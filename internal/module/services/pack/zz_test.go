package pack
import ("testing";"os";"fmt";"strings";"testing/fstest";"io/fs")
func TestZZ(t *testing.T){
 m:=fstest.MapFS{}
 root:=os.DirFS("/work/main/services/lu")
 fs.WalkDir(root,".",func(n string,d fs.DirEntry,e error)error{ if e==nil&& !d.IsDir(){b,_:=fs.ReadFile(root,n); b=[]byte(strings.NewReplacer(`hitPolicy="F"`,`hitPolicy="FIRST"`,`hitPolicy="C"`,`hitPolicy="COLLECT"`,`hitPolicy="U"`,`hitPolicy="UNIQUE"`).Replace(string(b))); m[n]=&fstest.MapFile{Data:b}}; return nil})
 m["certificate-of-residence/2025/texts/fr.yaml"]=m["certificate-of-residence/2025/texts/fr.yaml"]
 for _,dir:=range []string{"business-permit/2025","certificate-of-residence/2025","cost-of-living-allowance/2025"}{
  for _,l:=range []string{"fr","de","lb","en","pt"} { k:=dir+"/texts/"+l+".yaml"; if m[k]==nil { m[k]=&fstest.MapFile{Data:[]byte("a: b")} } }
 }
 s,f:=LoadSet(m)
 n:=0
 for _,x:=range f { if strings.HasPrefix(x.Msg,"text ")||strings.HasSuffix(x.Msg,"is missing"){n++;continue}; fmt.Println(x) }
 fmt.Println(n,"missing texts; packages",len(s.All()))
 for _,dir:=range []string{"business-permit/2025","certificate-of-residence/2025","cost-of-living-allowance/2025"}{
 p,_:=Load(m,dir); if p==nil {continue}
 r:=Test(p); fmt.Println(p.ID,r.Passed,r.Failed,r.Problems); for i,x:=range r.Failures{ if i<10{fmt.Println(x)}} }
}
