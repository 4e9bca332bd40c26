//! Names of countries as people and forms write them, with their codes.
//!
//! The English names of the IANA database's `iso3166.tab`, others that are common, codes of three
//! letters of large countries, and what some countries call themselves.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Names as [`folded`], each with its ISO 3166 code.
const NAMES: &str = "
    afghanistan=AF; albania=AL; alemania=DE; algeria=DZ; allemagne=DE; america=US;
    american samoa=AS; andorra=AD; angola=AO; anguilla=AI; antarctica=AQ; antigua and barbuda=AG;
    aotearoa=NZ; are=AE; arg=AR; argentina=AR; armenia=AM; aruba=AW; aus=AU; australia=AU;
    austria=AT; aut=AT; azerbaijan=AZ; bahamas=BS; bahrain=BH; bangladesh=BD; barbados=BB; bel=BE;
    belarus=BY; belgien=BE; belgique=BE; belgium=BE; belgië=BE; belize=BZ; benin=BJ; bermuda=BM;
    bhutan=BT; bolivia=BO; bonaire=BQ; bosnia and herzegovina=BA; botswana=BW; bra=BR; brasil=BR;
    brazil=BR; britain=GB; british virgin islands=VG; brunei=BN; bulgaria=BG; burkina faso=BF;
    burma=MM; burundi=BI; cabo verde=CV; cambodia=KH; cameroon=CM; can=CA; canada=CA; cape verde=CV;
    cayman islands=KY; central african republic=CF; chad=TD; che=CH; chile=CL; china=CN; chl=CL;
    chn=CN; christmas island=CX; cocos islands=CC; col=CO; colombia=CO; comoros=KM; congo=CG;
    cook islands=CK; costa rica=CR; croatia=HR; cuba=CU; curaçao=CW; cyprus=CY; cze=CZ;
    czech republic=CZ; czechia=CZ; côte d'ivoire=CI; danmark=DK;
    democratic republic of the congo=CD; denmark=DK; deu=DE; deutschland=DE; djibouti=DJ; dnk=DK;
    dominica=DM; dominican republic=DO; dr congo=CD; east timor=TL; ecuador=EC; egypt=EG;
    el salvador=SV; england=GB; equatorial guinea=GQ; eritrea=ER; esp=ES; espagne=ES; españa=ES;
    estados unidos=US; estonia=EE; eswatini=SZ; ethiopia=ET; falkland islands=FK; faroe islands=FO;
    federal republic of germany=DE; fiji=FJ; fin=FI; finland=FI; fra=FR; france=FR; frankreich=FR;
    french guiana=GF; french polynesia=PF; gabon=GA; gambia=GM; gbr=GB; georgia=GE; germany=DE;
    ghana=GH; gibraltar=GI; grc=GR; great britain=GB; greece=GR; greenland=GL; grenada=GD;
    guadeloupe=GP; guam=GU; guatemala=GT; guernsey=GG; guinea-bissau=GW; guinea=GN; guyana=GY;
    haiti=HT; hellas=GR; hkg=HK; holland=NL; holy see=VA; honduras=HN; hong kong=HK; hun=HU;
    hungary=HU; iceland=IS; ind=IN; india=IN; indonesia=ID; iran=IR; iraq=IQ; ireland=IE; irl=IE;
    isle of man=IM; isr=IL; israel=IL; ita=IT; italia=IT; italie=IT; italy=IT; ivory coast=CI;
    jamaica=JM; japan=JP; jersey=JE; jordan=JO; jpn=JP; kazakhstan=KZ; kenya=KE; kiribati=KI;
    kor=KR; korea=KR; kuwait=KW; kyrgyzstan=KG; laos=LA; latvia=LV; lebanon=LB; lesotho=LS;
    liberia=LR; libya=LY; liechtenstein=LI; lithuania=LT; lux=LU; luxembourg=LU; luxemburg=LU;
    macau=MO; macedonia=MK; madagascar=MG; malawi=MW; malaysia=MY; maldives=MV; mali=ML; malta=MT;
    marshall islands=MH; martinique=MQ; mauritania=MR; mauritius=MU; mayotte=YT; mex=MX; mexico=MX;
    micronesia=FM; moldova=MD; monaco=MC; mongolia=MN; montenegro=ME; montserrat=MS; morocco=MA;
    mozambique=MZ; myanmar=MM; méxico=MX; namibia=NA; nauru=NR; nederland=NL; nepal=NP;
    netherlands=NL; new caledonia=NC; new zealand=NZ; nicaragua=NI; niger=NE; nigeria=NG; niue=NU;
    nld=NL; nor=NO; norfolk island=NF; norge=NO; north korea=KP; north macedonia=MK;
    northern ireland=GB; northern mariana islands=MP; norway=NO; nzl=NZ; oman=OM; pakistan=PK;
    palau=PW; palestine=PS; panama=PA; papua new guinea=PG; paraguay=PY; peru=PE; philippines=PH;
    pitcairn=PN; pol=PL; poland=PL; polska=PL; portugal=PT; prc=CN; prt=PT; puerto rico=PR;
    qatar=QA; republic of ireland=IE; republic of korea=KR; republic of the congo=CG; romania=RO;
    rou=RO; rus=RU; russia=RU; russian federation=RU; rwanda=RW; réunion=RE; saint barthelemy=BL;
    saint helena=SH; saint kitts and nevis=KN; saint lucia=LC; saint martin=MF;
    saint pierre and miquelon=PM; saint vincent=VC; samoa=WS; san marino=SM;
    sao tome and principe=ST; sau=SA; saudi arabia=SA; schweiz=CH; scotland=GB; senegal=SN;
    serbia=RS; seychelles=SC; sgp=SG; sierra leone=SL; singapore=SG; sint maarten=SX; slovakia=SK;
    slovenia=SI; solomon islands=SB; somalia=SO; south africa=ZA; south korea=KR; south sudan=SS;
    spain=ES; sri lanka=LK; st barthelemy=BL; st helena=SH; st kitts and nevis=KN; st lucia=LC;
    st pierre and miquelon=PM; st vincent=VC; sudan=SD; suisse=CH; suomi=FI; suriname=SR;
    svalbard and jan mayen=SJ; sverige=SE; svizzera=CH; swaziland=SZ; swe=SE; sweden=SE;
    switzerland=CH; syria=SY; taiwan=TW; tajikistan=TJ; tanzania=TZ; thailand=TH; timor-leste=TL;
    togo=TG; tokelau=TK; tonga=TO; trinidad and tobago=TT; tunisia=TN; tur=TR; turkey=TR;
    turkmenistan=TM; turks and caicos islands=TC; tuvalu=TV; twn=TW; türkiye=TR; uae=AE; uganda=UG;
    uk=GB; ukr=UA; ukraine=UA; united arab emirates=AE; united kingdom=GB;
    united states of america=US; united states=US; uruguay=UY; us virgin islands=VI; us=US; usa=US;
    uzbekistan=UZ; vanuatu=VU; vatican city=VA; vatican=VA; venezuela=VE; viet nam=VN; vietnam=VN;
    wales=GB; wallis and futuna=WF; western sahara=EH; yemen=YE; zaf=ZA; zambia=ZM; zimbabwe=ZW;
    åland islands=AX; éire=IE; états-unis=US; österreich=AT; česko=CZ;
";

static CODES: LazyLock<HashMap<&str, &str>> =
    LazyLock::new(|| NAMES.split(';').filter_map(|entry| entry.trim().split_once('=')).collect());

/// The ISO 3166 code of a country that was told by its code, in either case, or by a name.
pub(super) fn code_of(told: &str) -> String {
    let name = folded(told);
    CODES.get(name.as_str()).map_or_else(|| name.to_uppercase(), |code| (*code).to_owned())
}

/// A name in lower case, with `and` for `&`, without dots and without a `the` before it.
fn folded(name: &str) -> String {
    let plain = name.to_lowercase().replace('&', " and ").replace('.', "").replace('’', "'");
    let words: Vec<&str> = plain.split_whitespace().skip_while(|word| *word == "the").collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zone::Zone;

    #[test]
    fn every_name_is_written_as_it_is_looked_up_and_of_a_country_with_zones() {
        assert!(CODES.len() > 300);
        for (name, code) in CODES.iter() {
            assert_eq!(folded(name), *name);
            assert!(!Zone::all_of_country(code).is_empty(), "{name}");
        }
    }
}
